import type { Test } from 'tap'
import { loadWorkflow } from '../../src/definition/load-workflow.ts'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'
import type { Json } from '../../src/json.ts'
import { ends, startEngine, type EndedRun } from '../support/engine.ts'

/** Executes the scenarios of the specification's conformance kit. */
export interface Conformance {
  /** Loads a definition, without its `document`, as a file would be, and runs it. */
  execute (definition: string, input?: Json): Promise<EndedRun>
}

/** Starts an engine for scenarios until the end of the test. */
export async function startConformance (t: Test): Promise<Conformance> {
  const evaluator = createEvaluator({ deadlineMs: 20_000, maxOutputBytes: 1_048_576 })
  t.teardown(() => evaluator.close())
  const { run } = await startEngine(t)
  return {
    async execute (definition, input) {
      const text = `document: { dsl: '1.0.3', namespace: default, name: scenario, version: '1.0.0' }\n${definition}`
      return await run(await loadWorkflow(text, 'scenario.yaml', evaluator), input)
    }
  }
}

/** Lists the names of the tasks that succeeded, in the order of their ends. */
export function taskNames ({ events }: EndedRun): string[] {
  return ends(events).map((end) => end.replace(/^.*\/(.*) succeeded$/, '$1'))
}
