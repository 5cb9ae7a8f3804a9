import { errorText } from '../error-text.ts'
import type { Evaluator } from '../expression/evaluator.ts'
import { isExpression } from '../expression/template.ts'
import type { Fault } from '../fault.ts'
import type { WorkflowDefinition } from './dsl.ts'
import { durationMs } from './duration.ts'
import { durationsOf, expressionsOf } from './expressions.ts'
import { readDefinition } from './read-definition.ts'
import { referenceFaults } from './references.ts'
import { schemaFaults } from './schemas.ts'
import { structureFaults } from './structure.ts'
import { DefinitionError, type Workflow } from './workflow.ts'

/**
 * Reads and checks a definition of the Serverless Workflow DSL, 1.0.0 to 1.0.3. The result can be executed: its structure
 * is right, all of it is supported, names lead somewhere, expressions and schemas compile.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md
 *
 * @param text JSON when the file's name ends in `.json`, else YAML
 * @param evaluator compiles the expressions
 * @throws DefinitionError with every fault
 * @throws Error when expressions cannot be compiled now
 */
export async function loadWorkflow (text: string, fileName: string, evaluator: Evaluator): Promise<Workflow> {
  const value = readDefinition(text, fileName)
  const structure = await structureFaults(value)
  if (!isDefinition(value, structure)) throw new DefinitionError(structure)
  const faults = [...referenceFaults(value), ...schemaFaults(value), ...durationFaults(value), ...await expressionFaults(value, evaluator)]
  if (faults.length > 0) throw new DefinitionError(faults)
  const { name, version, namespace, title = null, summary = null } = value.document
  return { name, version, namespace, title, summary, inputSchema: value.input?.schema?.document ?? null, definition: value }
}

/** Narrows a value to a definition when its structure has no fault. */
function isDefinition (_value: unknown, faults: readonly Fault[]): _value is WorkflowDefinition {
  return faults.length === 0
}

async function expressionFaults (definition: WorkflowDefinition, evaluator: Evaluator): Promise<Fault[]> {
  const expressions = expressionsOf(definition)
  const found = await evaluator.check(expressions)
  return found.flatMap((message, index) => message === null ? [] : [{ path: expressions[index]?.path ?? '', message }])
}

function durationFaults (definition: WorkflowDefinition): Fault[] {
  return durationsOf(definition).flatMap(({ path, duration }) => {
    if (typeof duration === 'string' && isExpression(duration)) return []
    try {
      durationMs(duration)
      return []
    } catch (error) {
      return [{ path, message: errorText(error) }]
    }
  })
}
