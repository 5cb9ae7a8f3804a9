import type { Task, TaskList } from '../definition/dsl.ts'
import type { Json } from '../json.ts'
import { unlessAborted } from './abort.ts'
import { executeTask, tellAgain, type Executed } from './execute-task.ts'
import { placeInList, type Place } from './place.ts'
import { taskError } from './problem.ts'
import type { RunExecution } from './run-execution.ts'
import type { Branch, Outcome } from './task-execution.ts'

/** How many tasks of a list may have ended without their ends being published: so many are told again after a restart. */
const MAX_UNTOLD = 16

/**
 * Executes tasks one after the other, as their flow directives say; the output of each is the input of the next.
 * When it resolves, the ends of all are published.
 *
 * @param place that of the list
 * @returns the output of the last one, and `end` when the workflow is to end
 * @throws TaskError of a task that fails, or the reason of the place's signal
 */
export async function executeList (run: RunExecution, list: TaskList, place: Place, input: Json): Promise<Outcome> {
  const tasks = tasksOf(list)
  const visits = new Map<number, number>()
  const ends = createEnds(place)
  let output = input
  for (let index = 0; ;) {
    const next = tasks[index]
    if (next === undefined) break
    const visit = visits.get(index) ?? 0
    visits.set(index, visit + 1)
    const outcome = await outcomeOf(itemOf(run, next, placeInList(place, index, next[0], visit)), output, ends)
    output = outcome.output
    const directive = outcome.directive ?? next[1].then ?? 'continue'
    if (directive === 'end' || directive === 'exit') {
      await ends.told()
      return { output, directive: directive === 'end' ? 'end' : null }
    }
    index = directive === 'continue' ? index + 1 : indexOf(tasks, directive)
  }
  await ends.told()
  return { output, directive: null }
}

/** Executes one task that is no item of a list. */
export async function executeOne (run: RunExecution, name: string, task: Task, place: Place, input: Json): Promise<Outcome> {
  const ends = createEnds(place)
  const outcome = await outcomeOf(itemOf(run, [name, task], place), input, ends)
  await ends.told()
  return outcome
}

/** The tasks of a list that are executed at the same time. @param place that of the list */
export function branchesOf (run: RunExecution, list: TaskList, place: Place, input: Json): Branch[] {
  return tasksOf(list).map((task, index) => {
    const own = placeInList(place, index, task[0], 0)
    const item = itemOf(run, task, own)
    return {
      isFinished: item.finished !== null,
      async execute () {
        const ends = createEnds(own)
        const { output, directive } = await outcomeOf(item, input, ends)
        await ends.told()
        return { output, directive: directive ?? task[1].then ?? null }
      }
    }
  })
}

/** The ends of the tasks of a list, as far as they may not be published yet. */
interface Ends {
  /** Adds one that is being published. */
  add (told: Promise<void>): void
  /** Adds one that was restored, whose end may have to be told again. */
  restored (tell: () => Promise<void>): void
  /** Resolves when there may be one more. @throws the reason of the signal */
  room (): Promise<void>
  /** Resolves when all are published. @throws the reason of the signal */
  told (): Promise<void>
}

function createEnds ({ signal }: Place): Ends {
  let restored: Array<() => Promise<void>> = []
  let untold: Array<Promise<void>> = []

  function tellRestored (): void {
    untold.push(...restored.map((tell) => tell()))
    restored = []
  }

  return {
    add: (told) => { untold.push(told) },
    restored (tell) {
      restored = [...restored, tell].slice(-MAX_UNTOLD)
    },
    async room () {
      tellRestored()
      const over = untold.splice(0, untold.length - MAX_UNTOLD + 1)
      if (over.length > 0) await unlessAborted(signal, Promise.all(over))
    },
    async told () {
      tellRestored()
      const all = untold
      untold = []
      if (all.length > 0) await unlessAborted(signal, Promise.all(all))
    }
  }
}

/** One task of a list, which is executed unless it was before. */
interface Item {
  /** What it gave when it was executed; null when it was not. */
  readonly finished: Outcome | null
  execute (input: Json): Promise<Executed>
  /** Publishes its end once more. */
  tellAgain (): Promise<void>
}

function itemOf (run: RunExecution, [name, task]: NamedTask, place: Place): Item {
  const finished = run.journal.finishedTask(place.key) ?? null
  return {
    finished,
    execute: (input) => executeTask(run, name, task, place, input),
    tellAgain: async () => { if (finished !== null) await tellAgain(run, name, place, finished) }
  }
}

/** Executes an item unless it was before. Before it fails, the ends of those before it are published. */
async function outcomeOf (item: Item, input: Json, ends: Ends): Promise<Outcome> {
  if (item.finished !== null) {
    ends.restored(item.tellAgain)
    return item.finished
  }
  await ends.room()
  try {
    const { outcome, told } = await item.execute(input)
    ends.add(told)
    return outcome
  } catch (error) {
    await ends.told()
    throw error
  }
}

type NamedTask = readonly [name: string, task: Task]

function tasksOf (list: TaskList): NamedTask[] {
  return list.flatMap((item) => Object.entries(item))
}

function indexOf (tasks: readonly NamedTask[], name: string): number {
  const index = tasks.findIndex(([other]) => other === name)
  if (index === -1) throw taskError('configuration', `There is no task "${name}" in the same list: correct the flow directive \`then\`.`)
  return index
}
