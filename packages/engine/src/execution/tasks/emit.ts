import { RuncastError } from '@runcast/client'
import type { EmitTask } from '../../definition/dsl.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { unlessAborted } from '../abort.ts'
import { taskError } from '../problem.ts'
import type { TaskExecution } from '../task-execution.ts'

/**
 * Publishes a CloudEvent as an event of the run, and gives it as output. A task that is repeated after a crash emits its
 * event again with the same id, unless the definition sets the id.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export async function executeEmit ({ run, task, place, evaluate }: TaskExecution<EmitTask>): Promise<Json> {
  const given = await evaluate(task.emit.event.with)
  if (!isJsonObject(given) || typeof given['type'] !== 'string') throw taskError('validation', 'An event needs a type: give emit.event.with.type a text.')
  const { namespace, name } = run.definition.document
  const event = { id: run.runId + place.key, specversion: '1.0', time: new Date().toISOString(), source: `/workflows/${namespace}/${name}`, ...given }
  try {
    await unlessAborted(place.signal, run.events.emit(place.pointer, event))
  } catch (error) {
    if (!(error instanceof RuncastError)) throw error
    throw taskError('communication', `The event was refused: ${error.message}`, { cause: error })
  }
  return event
}
