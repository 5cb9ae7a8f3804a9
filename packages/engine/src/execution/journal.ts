import type { Json } from '../json.ts'
import type { Checkpoint, RunRecord, RunStore } from '../store/run-store.ts'
import { createCheckpointQueue } from './checkpoint-queue.ts'
import { isOfKind, type CaughtError, type CheckpointValue, type FinishedRun, type FinishedTask, type Kept } from './checkpoint-values.ts'
import { taskError } from './problem.ts'
import { jsonBytes } from './sizes.ts'

/** What a run has behind it, and what it adds to that. */
export interface Journal {
  /** Whether another attempt has begun to execute the run. */
  readonly hasBegun: boolean
  /** What the run has exported last, `{}` before that. */
  readonly context: Json
  /** What this attempt has taken over from the run that this one repeats. */
  readonly takenOver: readonly FinishedTask[]
  readonly finishedRun: FinishedRun | undefined
  finishedTask (key: string): FinishedTask | undefined
  /** @param key that of the attempt */
  caughtError (key: string): CaughtError | undefined
  /** Whether there is a checkpoint of a task within this key. */
  hasWithin (key: string): boolean
  /**
   * Finds out what expressions give, once and for all attempts where it may change within a run: another attempt has
   * another context, and what does not depend on that, such as a secret, is to be found anew.
   */
  keep (key: string, template: Json, find: () => Promise<Json>): Promise<Json>
  /**
   * When something first began, in milliseconds since 1970: now, unless it began before a restart.
   *
   * @param isKept whether it has to be known after a restart
   */
  startedAt (key: string, isKept: boolean): Promise<number>
  /**
   * Makes the context of the run anew, one export after the other.
   *
   * @param next gives the new context
   * @returns what the checkpoint of the task has to keep of it
   */
  exportContext (next: () => Promise<Json>): Promise<Context>
  /** Resolves when it is durable. When that fails, the attempt is over, also if nobody awaits it. @throws TaskError `runtime` when the run has too much of them */
  save (key: string, value: CheckpointValue): Promise<void>
  /** Resolves when all but the newest `most` that were saved are durable. */
  saved (most: number): Promise<unknown>
}

type Context = NonNullable<FinishedTask['context']>

/** The key of the run's own checkpoints; those of tasks begin with a slash. */
export const RUN_KEY = 'run'

/** A definition can jump back and forth for ever; this many checkpoints end it. */
const MAX_CHECKPOINTS = 100_000

/** What gives another value later in a run. */
const CHANGING = /\$context|\$task|\bnow\b/

/** How many outputs of the greatest size the checkpoints of a run may have: all are read when it goes on. */
const MAX_LARGE_OUTPUTS = 256

export interface JournalOptions {
  readonly store: RunStore
  /** The most bytes of JSON that one output has. */
  readonly maxDataBytes: number
  /** Called when the store does not take something, with the error that is thrown then. */
  readonly report: (error: unknown) => Error
}

/**
 * Opens the journal of a run. A run that repeats another one takes over, before it begins, what that one has finished
 * and found out; its errors and times are left behind, so that what failed is tried anew.
 *
 * @throws FencedError and whatever the store throws
 */
export async function openJournal ({ store, maxDataBytes, report }: JournalOptions, run: RunRecord, token: number): Promise<Journal> {
  const own = await store.checkpoints(run.runId)
  const hasBegun = own.some(({ key }) => key === startKey(RUN_KEY))
  const takenOver = !hasBegun && run.retryOf !== null ? forAnotherRun(await store.checkpoints(run.retryOf)) : []
  const queue = createCheckpointQueue((checkpoints) => store.save(run.runId, token, checkpoints), maxDataBytes, report)
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
    // Nothing else is asked for again in the attempt that has found it.
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

/** The keys around a key: those of which its parts are a beginning. */
function placesAround (key: string): string[] {
  const parts = key.split('/')
  return parts.map((_part, index) => parts.slice(0, index).join('/'))
}

/** What another run takes over. */
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
