import type { Json } from '../json.ts'
import type { Checkpoint, RunRecord, RunStore } from '../store/run-store.ts'
import { createCheckpointQueue } from './checkpoint-queue.ts'
import { isOfKind, type CaughtError, type CheckpointValue, type FinishedRun, type FinishedTask, type Kept } from './checkpoint-values.ts'
import { taskError } from './problem.ts'
import { jsonBytes } from './sizes.ts'

/** The checkpoints of a run: those from before, and those that this process adds. */
export interface Journal {
  /** True when the run was executed before. */
  readonly hasBegun: boolean
  /** The context that the run has exported last, `{}` before that. */
  readonly context: Json
  /** The tasks that this run has just taken over from the run that it repeats. */
  readonly takenOver: readonly FinishedTask[]
  readonly finishedRun: FinishedRun | undefined
  finishedTask (key: string): FinishedTask | undefined
  /** @param key the key of the attempt that failed */
  caughtError (key: string): CaughtError | undefined
  /** Tells whether there is a checkpoint of a task within this key. */
  hasWithin (key: string): boolean
  /**
   * Finds the value of expressions, and keeps it when it may change within the run: after a restart the context is
   * another one. A value that cannot change, such as a secret, is found anew.
   */
  keep (key: string, template: Json, find: () => Promise<Json>): Promise<Json>
  /**
   * Gives the time at which something first began, in milliseconds since 1970: now, unless it began before a restart.
   *
   * @param isKept true when the time has to be known after a restart
   */
  startedAt (key: string, isKept: boolean): Promise<number>
  /**
   * Makes the next context of the run, one export after the other.
   *
   * @param next gives the new context
   * @returns the part of the task's checkpoint that keeps it
   */
  exportContext (next: () => Promise<Json>): Promise<Context>
  /** Resolves when the checkpoint is durable. When that fails, the execution is over, also if nobody awaits it. @throws TaskError `runtime` when the run has too much of them */
  save (key: string, value: CheckpointValue): Promise<void>
  /** Resolves when all but the newest `most` checkpoints are durable. */
  saved (most: number): Promise<unknown>
}

type Context = NonNullable<FinishedTask['context']>

/** The key of the run's own checkpoints; the keys of tasks begin with a slash. */
export const RUN_KEY = 'run'

/** A definition can jump back and forth for ever; so many checkpoints end it. */
const MAX_CHECKPOINTS = 100_000

/** The parts of an expression that have another value later in a run. */
const CHANGING = /\$context|\$task|\bnow\b/

/** The most outputs of the greatest size that the checkpoints of a run may have: all are read when it goes on. */
const MAX_LARGE_OUTPUTS = 256

export interface JournalOptions {
  readonly store: RunStore
  /** The most bytes of JSON in one output. */
  readonly maxDataBytes: number
  /** Takes the error of a store that fails, and gives the error to throw. */
  readonly onFailure: (error: unknown) => Error
}

/**
 * Opens the journal of a run. A run that repeats another one first takes over the tasks that the other one has finished
 * and the values that it has kept. Errors and times are left behind, so that failed tasks are tried anew.
 *
 * @throws FencedError, and any error of the store
 */
export async function openJournal ({ store, maxDataBytes, onFailure }: JournalOptions, run: RunRecord, token: number): Promise<Journal> {
  const own = await store.checkpoints(run.runId)
  const hasBegun = own.some(({ key }) => key === startKey(RUN_KEY))
  const takenOver = !hasBegun && run.retryOf !== null ? forAnotherRun(await store.checkpoints(run.retryOf)) : []
  const queue = createCheckpointQueue((checkpoints) => store.save(run.runId, token, checkpoints), maxDataBytes, onFailure)
  for (const checkpoint of takenOver) queue.add(checkpoint, jsonBytes(checkpoint.value))
  await queue.saved(0)
  const values = new Map<string, Json>([...own, ...takenOver].map(({ key, value }) => [key, value]))
  const maxBytes = MAX_LARGE_OUTPUTS * maxDataBytes
  const places = new Set([...values.keys()].flatMap(placesAround))
  let count = values.size
  let bytes = [...values.values()].reduce<number>((sum, value) => sum + jsonBytes(value), 0)
  let exported = newestContext([...values.values()])
  let exporting: Promise<unknown> = Promise.resolve()

  function stored<Kind extends CheckpointValue['kind']> (key: string, kind: Kind): Extract<CheckpointValue, { kind: Kind }> | undefined {
    const value = values.get(key)
    return value !== undefined && isOfKind(kind, value) ? value : undefined
  }

  function save (key: string, value: CheckpointValue): Promise<void> {
    const valueBytes = jsonBytes(value)
    count += 1
    bytes += valueBytes
    if (value.kind !== 'run' && count > MAX_CHECKPOINTS) {
      throw taskError('runtime', `The run has executed ${MAX_CHECKPOINTS} tasks, which is the most: let its loops end, or divide it into several runs.`)
    }
    if (value.kind !== 'run' && bytes > maxBytes) {
      throw taskError('runtime', `The outputs of the run's tasks have more than ${maxBytes} bytes together: put out less, or divide it into several runs.`)
    }
    // Values of other kinds are read only by the next process that executes the run.
    if (value.kind === 'started') values.set(key, value)
    return queue.add({ key, value }, valueBytes)
  }

  return {
    hasBegun,
    takenOver: takenOver.flatMap(({ value }) => value.kind === 'task' ? [value] : []),
    get context () {
      return exported.value
    },
    finishedRun: stored(RUN_KEY, 'run'),
    finishedTask: (key) => stored(key, 'task'),
    caughtError: (key) => stored(key, 'caught'),
    hasWithin: (key) => places.has(key),
    async keep (key, template, find) {
      const before = stored(key, 'kept')
      if (before !== undefined) return before.value
      const value = await find()
      if (CHANGING.test(JSON.stringify(template))) save(key, { kind: 'kept', value, token })
      return value
    },
    async startedAt (key, isKept) {
      const before = stored(startKey(key), 'started')
      if (before !== undefined) return before.at
      const at = Date.now()
      if (isKept) await save(startKey(key), { kind: 'started', at, token })
      return at
    },
    exportContext (next) {
      const done = exporting.then(async () => {
        exported = { value: await next(), number: exported.number + 1 }
        return exported
      })
      exporting = done.catch(() => {})
      return done
    },
    save,
    saved: (most) => queue.saved(most)
  }
}

function startKey (key: string): string {
  return `${key}#started`
}

/** Lists the keys around a key: each is the beginning of its parts. */
function placesAround (key: string): string[] {
  const parts = key.split('/')
  return parts.map((_part, index) => parts.slice(0, index).join('/'))
}

/** Gives the checkpoints that another run takes over. */
function forAnotherRun (checkpoints: readonly Checkpoint[]): Array<{ readonly key: string, readonly value: FinishedTask | Kept }> {
  return checkpoints.flatMap(({ key, value }) => isOfKind('task', value) || isOfKind('kept', value) ? [{ key, value: { ...value, token: 0 } }] : [])
}

function newestContext (values: readonly Json[]): Context {
  let newest: Context = { number: 0, value: {} }
  for (const value of values) {
    if (isOfKind('task', value) && value.context !== null && value.context.number > newest.number) newest = value.context
  }
  return newest
}
