import type { Task, TaskList } from '../definition/dsl.ts'
import type { Json } from '../json.ts'
import { unlessAborted } from './abort.ts'
import { executeTask, publishAgain, type Executed } from './execute-task.ts'
import { placeInList, type Place } from './place.ts'
import { taskError } from './problem.ts'
import type { RunExecution } from './run-execution.ts'
import type { Branch, Outcome } from './task-execution.ts'

/** The most tasks of a list whose ends may not be published yet. So many ends are published again after a restart. */
const MAX_UNPUBLISHED = 16

/**
 * Executes tasks one after the other, as their flow directives say; the output of each is the input of the next.
 * Resolves once the ends of all tasks are published.
 *
 * @param place the place of the list
 * @returns the output of the last task, and `end` when the workflow is to end
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
      await ends.published()
      return { output, directive: directive === 'end' ? 'end' : null }
    }
    index = directive === 'continue' ? index + 1 : indexOf(tasks, directive)
  }
  await ends.published()
  return { output, directive: null }
}

/** Executes one task that is no item of a list. */
export async function executeOne (run: RunExecution, name: string, task: Task, place: Place, input: Json): Promise<Outcome> {
  const ends = createEnds(place)
  const outcome = await outcomeOf(itemOf(run, [name, task], place), input, ends)
  await ends.published()
  return outcome
}

/** Gives the tasks of a list that are executed at the same time. @param place the place of the list */
export function branchesOf (run: RunExecution, list: TaskList, place: Place, input: Json): Branch[] {
  return tasksOf(list).map((task, index) => {
    const own = placeInList(place, index, task[0], 0)
    const item = itemOf(run, task, own)
    return {
      isFinished: item.finished !== null,
      async execute () {
        const ends = createEnds(own)
        const { output, directive } = await outcomeOf(item, input, ends)
        await ends.published()
        return { output, directive: directive ?? task[1].then ?? null }
      }
    }
  })
}

/** The ends of the tasks of a list, as far as they may not be published yet. */
interface Ends {
  /** Adds an end that is being published. */
  add (published: Promise<void>): void
  /** Adds the end of a restored task, which may have to be published again. */
  restored (publish: () => Promise<void>): void
  /** Resolves when there may be one more. @throws the reason of the signal */
  free (): Promise<void>
  /** Resolves when all are published. @throws the reason of the signal */
  published (): Promise<void>
}

function createEnds ({ signal }: Place): Ends {
  let restored: Array<() => Promise<void>> = []
  let unpublished: Array<Promise<void>> = []

  function publishRestored (): void {
    unpublished.push(...restored.map((publish) => publish()))
    restored = []
  }

  return {
    add: (published) => { unpublished.push(published) },
    restored (publish) {
      restored = [...restored, publish].slice(-MAX_UNPUBLISHED)
    },
    async free () {
      publishRestored()
      const over = unpublished.splice(0, unpublished.length - MAX_UNPUBLISHED + 1)
      if (over.length > 0) await unlessAborted(signal, Promise.all(over))
    },
    async published () {
      publishRestored()
      const all = unpublished
      unpublished = []
      if (all.length > 0) await unlessAborted(signal, Promise.all(all))
    }
  }
}

/** One task of a list, which is executed unless it was before. */
interface Item {
  /** The outcome that is restored from its checkpoint; null when the task was not executed before. */
  readonly finished: Outcome | null
  execute (input: Json): Promise<Executed>
  /** Publishes the end of the restored task once more. */
  publishAgain (): Promise<void>
}

function itemOf (run: RunExecution, [name, task]: NamedTask, place: Place): Item {
  const finished = run.journal.finishedTask(place.key) ?? null
  return {
    finished,
    execute: (input) => executeTask(run, name, task, place, input),
    publishAgain: async () => { if (finished !== null) await publishAgain(run, name, place, finished) }
  }
}

/** Executes an item unless it was executed before. If it fails, the ends of the items before it are published first. */
async function outcomeOf (item: Item, input: Json, ends: Ends): Promise<Outcome> {
  if (item.finished !== null) {
    ends.restored(item.publishAgain)
    return item.finished
  }
  await ends.free()
  try {
    const { outcome, published } = await item.execute(input)
    ends.add(published)
    return outcome
  } catch (error) {
    await ends.published()
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
