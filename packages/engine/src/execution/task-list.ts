import type { Json, Task, TaskList } from '../definition/dsl.ts'
import { executeTask, tellAgain } from './execute-task.ts'
import { taskError } from './problem.ts'
import type { Attempt, Branch, Outcome, Place } from './task-execution.ts'

/**
 * Executes tasks one after the other, as their flow directives say; the output of each is the input of the next.
 *
 * @param place that of the list
 * @returns the output of the last one, and `end` when the workflow is to end
 * @throws TaskError of a task that fails, or the reason of the place's signal
 */
export async function executeList (run: Attempt, list: TaskList, place: Place, input: Json): Promise<Outcome> {
  const tasks = tasksOf(list)
  const visits = new Map<number, number>()
  let output = input
  let tellRestored = async () => {}
  for (let index = 0; ;) {
    const next = tasks[index]
    if (next === undefined) break
    const visit = visits.get(index) ?? 0
    visits.set(index, visit + 1)
    const item = itemOf(run, next, placeOf(place, index, next[0], visit))
    if (!item.isFinished) await tellRestored()
    const outcome = await item.execute(output)
    tellRestored = item.tellAgain
    output = outcome.output
    const directive = outcome.directive ?? next[1].then ?? 'continue'
    if (directive === 'end' || directive === 'exit') {
      await tellRestored()
      return { output, directive: directive === 'end' ? 'end' : null }
    }
    index = directive === 'continue' ? index + 1 : indexOf(tasks, directive)
  }
  await tellRestored()
  return { output, directive: null }
}

/** Executes one task that is no item of a list. */
export async function executeOne (run: Attempt, name: string, task: Task, place: Place, input: Json): Promise<Outcome> {
  const item = itemOf(run, [name, task], place)
  const outcome = await item.execute(input)
  await item.tellAgain()
  return outcome
}

/** The tasks of a list that are executed at the same time. @param place that of the list */
export function branchesOf (run: Attempt, list: TaskList, place: Place, input: Json): Branch[] {
  return tasksOf(list).map((task, index) => {
    const item = itemOf(run, task, placeOf(place, index, task[0], 0))
    return {
      isFinished: item.isFinished,
      async execute () {
        const { output, directive } = await item.execute(input)
        await item.tellAgain()
        return { output, directive: directive ?? task[1].then ?? null }
      }
    }
  })
}

/** What a name adds to a JSON pointer. https://www.rfc-editor.org/rfc/rfc6901 */
export function pointerPart (name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** How a key writes the number of a round, attempt or visit: the first not at all. */
export function roundOf (number: number): string {
  return number === 0 ? '' : `[${number}]`
}

/** One task of a list, which is executed unless it was before. */
interface Item {
  readonly isFinished: boolean
  execute (input: Json): Promise<Outcome>
  /** Publishes the end of a task once more that was restored, as the process may have died before it did. */
  tellAgain (): Promise<void>
}

function itemOf (run: Attempt, [name, task]: NamedTask, place: Place): Item {
  const finished = run.journal.finishedTask(place.key)
  if (finished === undefined) return { isFinished: false, execute: (input) => executeTask(run, name, task, place, input), tellAgain: async () => {} }
  return { isFinished: true, execute: async () => finished, tellAgain: () => tellAgain(run, name, place, finished) }
}

type NamedTask = readonly [name: string, task: Task]

function tasksOf (list: TaskList): NamedTask[] {
  return list.flatMap((item) => Object.entries(item))
}

function placeOf (list: Place, index: number, name: string, visit: number): Place {
  const part = pointerPart(name)
  return { ...list, pointer: `${list.pointer}/${index}${part}`, key: `${list.key}/${index}${roundOf(visit)}${part}` }
}

function indexOf (tasks: readonly NamedTask[], name: string): number {
  const index = tasks.findIndex(([other]) => other === name)
  if (index === -1) throw taskError('configuration', `There is no task "${name}" in the same list: correct the flow directive \`then\`.`)
  return index
}
