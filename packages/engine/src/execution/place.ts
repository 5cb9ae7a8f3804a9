import type { Variables } from '../expression/evaluator.ts'
import { pointerToken } from '../json.ts'

/** The place in a definition at which something is executed, and the round of everything around it. */
export interface Place {
  /** JSON pointer in the definition. */
  readonly pointer: string
  /** The pointer with the number, in brackets, of each round, attempt and visit that is not the first. */
  readonly key: string
  /** The number of the attempt of the nearest `try` around it, from 1. */
  readonly attempt: number
  /** The variables of the loops and caught errors around it. */
  readonly variables: Variables
  readonly signal: AbortSignal
}

/** Tasks within a task, and the differences between their place and the task's. */
export interface Part extends Partial<Pick<Place, 'attempt' | 'signal' | 'variables'>> {
  /** JSON pointer from the task to them, such as `/catch/do`. */
  readonly path: string
  /** JSON pointer in the definition, for tasks that do not stand within the task. */
  readonly pointer?: string
  /** The number of the round or attempt, from 0. */
  readonly round?: number
}

/** Gives the key of the tasks at a path within a task, in one round. */
export function keyOf (task: Place, path: string, round: number): string {
  return task.key + path + numberOf(round)
}

/** Gives the place of the tasks within a task. */
export function placeWithin (task: Place, part: Part): Place {
  return {
    pointer: part.pointer ?? task.pointer + part.path,
    key: keyOf(task, part.path, part.round ?? 0),
    attempt: part.attempt ?? task.attempt,
    variables: { ...task.variables, ...part.variables },
    signal: part.signal ?? task.signal
  }
}

/** Gives the place of a task in a list. @param visit how often the list has executed the task before */
export function placeInList (list: Place, index: number, name: string, visit: number): Place {
  const token = pointerToken(name)
  return { ...list, pointer: `${list.pointer}/${index}/${token}`, key: `${list.key}/${index}${numberOf(visit)}/${token}` }
}

/** Writes the number of a round, attempt or visit: the first has none. */
function numberOf (round: number): string {
  return round === 0 ? '' : `[${round}]`
}
