import type { Test } from 'tap'
import type { StreamedItem } from '../../../ui/src/run/model/log-reader.ts'
import type { SourceEvent } from '../../../ui/src/run/model/log-rows.ts'
import { RunModel } from '../../../ui/src/run/model/run-model.ts'
import type { RunService } from '../service/run-service.ts'

/** A model of a run, whose timers the test runs by hand. */
export function createRunModel (t: Test, service: RunService) {
  const steps: Array<() => void> = []
  const model = new RunModel(service, { after: (_ms, step) => steps.push(step) })
  t.teardown(() => model.close())
  return { model, runSteps: () => { for (const step of steps.splice(0)) step() } }
}

/** Messages of log events. */
export const lines = (count: number, from = 1): string[] => Array.from({ length: count }, (_, index) => `line ${from + index}`)
/** Events as a stream brings them. */
export const asItems = (events: readonly SourceEvent[]): StreamedItem[] => events.map((event) => ({ kind: 'event', event }))
/** A status_change. */
export const status = (name: string, more: object = {}) => ({ type: 'status_change', data: { status: name, ...more } })

/** The texts of the log's rows. */
export function texts ({ log }: RunModel): string[] {
  return Array.from({ length: log.count }, (_, index) => log.rowAt(index)?.text ?? '')
}

/** Resolves when all pending promises have gone on. */
export async function settled (): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
