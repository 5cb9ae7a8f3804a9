import { StoreCorruptError } from '../../problems/storage-errors.ts'
import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis/keys.ts'
import { persist, redisFault } from '../../redis/persist.ts'
import { list, texts } from '../../redis/replies.ts'
import { IdempotencyConflictError, IngestFencedError, NotSilentError, RunNotFoundError } from '../errors.ts'
import type { Retention } from '../retention.ts'
import type { AppendRequest, AppendResult } from '../run-log.ts'
import { appendArguments, appendSettings, type AppendArguments } from './append-arguments.ts'
import { logScript } from './log-script.ts'

/** The most that one call carries, unless one batch alone is larger, so that Redis has time for others in between. */
const MAX_BATCHES = 50
const MAX_EVENTS = 1_000
const MAX_CHARACTERS = 1_048_576

const script = logScript('append.lua', 'append-arguments.lua', 'append-state.lua')

/** The outcome of an append: its result as append.lua remembers it, and facts of the run. */
export interface Appended {
  readonly result: string
  readonly tenant: string
  readonly run: AppendResult['run']
}

/** A batch that waits for the end of the turn. */
interface Waiting extends AppendArguments {
  readonly events: number
  readonly characters: number
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface AppendsOptions {
  readonly redis: CommandClient
  readonly keys: RedisKeys
  readonly retention: Retention
  /** True if Redis is a Cluster, where one call of a script has the keys of one run only. */
  readonly sharded: boolean
}

/**
 * Sends batches to append.lua. The batches of one turn of the event loop go in one call, in order, since the call costs
 * about as much as an event. Each batch is carried out or refused by itself.
 */
export class Appends {
  readonly #options: AppendsOptions
  readonly #settings: string
  /** The batches that wait for the end of the turn, grouped by the calls that may carry them. */
  #waiting = new Map<string, Waiting[]>()
  readonly #calls = new Set<Promise<void>>()
  /** True if one call may have the keys of one run only. */
  #isSharded: boolean

  constructor (options: AppendsOptions) {
    this.#options = options
    this.#isSharded = options.sharded
    this.#settings = appendSettings(options.keys, options.retention, options.sharded)
  }

  /**
   * Appends a batch. It is tried for up to two seconds while Redis is away, and carried out once.
   *
   * @throws as `RunLog.append` does
   */
  async append (request: AppendRequest): Promise<Appended> {
    const { keys, args } = appendArguments(request, this.#options.keys)
    const characters = args.reduce((sum, text) => sum + text.length, 0)
    const reply = await new Promise((resolve, reject) => {
      this.#add(this.#isSharded ? request.runId : '', { keys, args, events: request.events.length, characters, resolve, reject })
    })
    const [code, result, tenant, status = '', terminalId = ''] = texts(reply)
    if (code === 'error') throw redisFault(new Error(result))
    if (code !== 'ok' || result === undefined || tenant === undefined) throw errorOf(code)
    return { result, tenant, run: { status: status === '' ? null : status, terminal: terminalId !== '' } }
  }

  /** Resolves when all appends are done. */
  async idle (): Promise<void> {
    this.#sendAll()
    await Promise.all(this.#calls)
  }

  #add (group: string, batch: Waiting): void {
    if (this.#waiting.size === 0) setImmediate(() => this.#sendAll())
    const waiting = this.#waiting.get(group)
    if (waiting === undefined) this.#waiting.set(group, [batch])
    else waiting.push(batch)
  }

  #sendAll (): void {
    const groups = this.#waiting
    this.#waiting = new Map()
    for (const waiting of groups.values()) {
      for (let start = 0; start < waiting.length;) {
        const end = endOfCall(waiting, start)
        this.#track(this.#send(waiting.slice(start, end)))
        start = end
      }
    }
  }

  #track (call: Promise<void>): void {
    const tracked = call.finally(() => this.#calls.delete(tracked))
    this.#calls.add(tracked)
  }

  /** Never rejects. */
  async #send (batches: readonly Waiting[]): Promise<void> {
    try {
      const replies = await persist(() => this.#call(batches))
      for (const [index, { resolve }] of batches.entries()) resolve(replies[index])
    } catch (error) {
      for (const { reject } of batches) reject(error)
    }
  }

  /** @returns one reply per batch */
  async #call (batches: readonly Waiting[]): Promise<readonly unknown[]> {
    const keys: string[] = []
    const args = [this.#settings]
    for (const batch of batches) {
      keys.push(...batch.keys)
      args.push(...batch.args)
    }
    try {
      return list(await script.run(this.#options.redis, keys, args))
    } catch (error) {
      if (batches.length === 1 || !(error instanceof Error) || !error.message.startsWith('CROSSSLOT')) throw error
      // The server belongs to a Cluster and is used as if it were alone.
      this.#isSharded = true
      return (await Promise.all(batches.map((batch) => this.#call([batch])))).flat()
    }
  }
}

/** The end of the call that begins with the batch at `start`. */
function endOfCall (waiting: readonly Waiting[], start: number): number {
  let end = start
  let events = 0
  let characters = 0
  for (const batch of waiting.slice(start, start + MAX_BATCHES)) {
    events += batch.events
    characters += batch.characters
    if (end > start && (events > MAX_EVENTS || characters > MAX_CHARACTERS)) break
    end++
  }
  return end
}

function errorOf (code: string | undefined): Error {
  switch (code) {
    case 'run_not_found': return new RunNotFoundError()
    case 'idempotency_conflict': return new IdempotencyConflictError()
    case 'fenced': return new IngestFencedError()
    case 'not_silent': return new NotSilentError()
    default: return new StoreCorruptError('append.lua returned something unknown.')
  }
}
