import type { Duration, Timeout, WorkflowDefinition } from '../definition/dsl.ts'
import { withDeadline } from './abort.ts'
import { namedPart } from './named-part.ts'
import type { Place } from './place.ts'
import { taskError, withInstance } from './problem.ts'

/** Gives the duration of a timeout, which may be the name of one in `use.timeouts`. @throws TaskError `configuration` */
export function timeoutDuration (definition: WorkflowDefinition, timeout: Timeout): Duration {
  return typeof timeout === 'string' ? namedPart(definition, 'timeouts', timeout).after : timeout.after
}

/**
 * Calls a function with a signal that is aborted when the time is over.
 *
 * @param subject names, at the beginning of a sentence, the thing that may take so long
 * @param startedAt its begin, in milliseconds since 1970
 * @throws TaskError `timeout`, or the error of the function
 */
export async function withTimeLimit<T> ({ signal, pointer }: Pick<Place, 'signal' | 'pointer'>, subject: string, startedAt: number, ms: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const reason = () => withInstance(taskError('timeout', `${subject} took longer than ${ms} ms.`), pointer)
  return await withDeadline(signal, startedAt + ms, reason, run)
}
