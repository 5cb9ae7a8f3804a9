import type { CommandClient } from '../../redis/connections.ts'
import type { RedisKeys } from '../../redis-keys.ts'
import { RunLogError, type AppendRequest, type Retention } from '../run-log.ts'
import { appendArguments, appendSettings, type AppendArguments } from './append-arguments.ts'
import { persist, runLogErrorOf } from './persist.ts'
import { list, texts } from './replies.ts'
import { Script } from './script.ts'

/** The most batches of one call of the script, so that Redis has time for others in between. */
const MAX_BATCHES_PER_CALL = 50

/** What one call carries at the most, in characters, unless one batch alone is larger. */
const MAX_CALL_CHARACTERS = 1_048_576

const script = new Script('append.lua', import.meta.url, ['append-arguments.lua'])

/** What an append has led to: its result as append.lua remembers it, and whose the run is. */
export interface Appended {
  readonly result: string
  readonly tenant: string
}

/** A batch that waits for the end of the turn. */
interface Waiting extends AppendArguments {
  readonly characters: number
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface AppendsOptions {
  readonly redis: CommandClient
  readonly keys: RedisKeys
  readonly retention: Retention
  /** Whether Redis is a Cluster, where one call of a script has the keys of one run only. */
  readonly sharded: boolean
}

/**
 * Sends batches to append.lua. Those of one turn of the event loop go in one call, in order, since what a call costs
 * beside the events is much of what one event costs; each is carried out or refused by itself.
 */
export class Appends {
  readonly #options: AppendsOptions
  readonly #settings: string
  /** What waits for the end of the turn, by what may go together. */
  #waiting = new Map<string, Waiting[]>()
  readonly #calls = new Set<Promise<void>>()

  constructor (options: AppendsOptions) {
    this.#options = options
    this.#settings = appendSettings(options.keys, options.retention, options.sharded)
  }

  /**
   * Appends a batch; tried for up to two seconds, and carried out once.
   *
   * @throws RunLogError as `RunLog.append` does
   */
  async append (request: AppendRequest): Promise<Appended> {
    const { keys, args } = appendArguments(request, this.#options.keys)
    const characters = args.reduce((sum, text) => sum + text.length, 0)
    const reply = await new Promise((resolve, reject) => {
      this.#add(this.#options.sharded ? request.runId : '', { keys, args, characters, resolve, reject })
    })
    const [code, result, tenant] = texts(reply)
    if (code === 'error') throw runLogErrorOf(new Error(result))
    if (code !== 'ok' || result === undefined || tenant === undefined) throw refusal(code)
    return { result, tenant }
  }

  /** Resolves when everything that was asked for is done. */
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
      const keys: string[] = []
      const args = [this.#settings]
      for (const batch of batches) {
        keys.push(...batch.keys)
        args.push(...batch.args)
      }
      const replies = list(await persist(() => script.run(this.#options.redis, keys, args)))
      for (const [index, { resolve }] of batches.entries()) resolve(replies[index])
    } catch (error) {
      for (const { reject } of batches) reject(error)
    }
  }
}

function endOfCall (waiting: readonly Waiting[], start: number): number {
  let end = start
  let characters = 0
  while (end < waiting.length && end - start < MAX_BATCHES_PER_CALL) {
    characters += waiting[end]?.characters ?? 0
    if (end > start && characters > MAX_CALL_CHARACTERS) break
    end++
  }
  return end
}

function refusal (code: string | undefined): RunLogError {
  switch (code) {
    case 'run_not_found': return new RunLogError(code, 'the run is another tenant\'s')
    case 'idempotency_conflict': return new RunLogError(code, 'the name was used for something else')
    case 'fenced': return new RunLogError(code, 'another process ingests now')
    default: return new RunLogError('store_corrupt', 'append.lua returned something unknown')
  }
}
