import type { ServerResponse } from 'node:http'
import type { LiveChannels } from '../pubsub/live-channels.ts'
import type { RunLog } from '../run-log/run-log.ts'
import type { Expiry } from '../sse/connection.ts'
import { SseConnections, tickInterval } from '../sse/connections.ts'
import { Follower, type Beginning, type EventsAfter, type FollowerKeeper, type FollowerObserver } from './follower.ts'
import type { FollowedRun } from './followed-run.ts'
import { TopicMemory } from './topic-memory.ts'
import type { TopicOptions } from './topic-options.ts'
import { Topic } from './topic.ts'

export interface TopicsOptions extends TopicOptions {
  readonly log: RunLog
  readonly live: LiveChannels
  /** The longest time without a byte on a stream, in milliseconds. */
  readonly heartbeatMs: number
  /** The time between two comparisons of a topic with its log, in milliseconds. */
  readonly positionCheckMs: number
}

/** A topic in use: kept while it has holders. */
interface Entry {
  readonly topic: Topic
  readonly ready: Promise<void>
  unsubscribe: (() => void) | null
  holders: number
}

/** The most topics that are compared with the log at once. */
const CHECKS_AT_ONCE = 16

/** The followed runs of this process, and the open streams of runs. One timer serves them all. */
export class Topics implements FollowerKeeper {
  readonly #options: TopicsOptions
  readonly #entries = new Map<string, Entry>()
  readonly #followers = new SseConnections<Follower>()
  readonly #memory = new TopicMemory(() => this.#entries.size)
  readonly #tick: NodeJS.Timeout
  readonly #check: NodeJS.Timeout
  #checking = false

  constructor (options: TopicsOptions) {
    this.#options = options
    this.#tick = setInterval(() => this.#tickAll(), tickInterval(options.heartbeatMs))
    this.#check = setInterval(() => this.#checkPositions(), options.positionCheckMs)
    options.live.onRestored((runIds) => {
      const restored = new Set(runIds)
      this.#repairAll((topic) => restored.has(topic.run.runId), true)
    })
  }

  /** The number of open streams. */
  get streams (): number {
    return this.#followers.size
  }

  /** The number of followed runs. */
  get size (): number {
    return this.#entries.size
  }

  /**
   * Takes hold of a run's topic. To be given back by `release`, or passed on to `follow`.
   *
   * @throws UnavailableError when the run's channel or log can't be reached
   */
  async hold (run: FollowedRun): Promise<Topic> {
    const key = keyOf(run)
    const entry = this.#entries.get(key) ?? this.#create(key, run)
    entry.holders++
    try {
      await entry.ready
    } catch (error) {
      this.release(entry.topic)
      throw error
    }
    return entry.topic
  }

  /** Gives a topic back. The last holder ends its subscription. */
  release (topic: Topic): void {
    const key = keyOf(topic.run)
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.topic !== topic || --entry.holders > 0) return
    this.#entries.delete(key)
    topic.close()
    entry.unsubscribe?.()
  }

  /**
   * Follows a run on a response whose head is sent, from the first page to the end of the run or of the stream. The
   * topic is released when the socket is gone.
   *
   * @param eventsAfter called whenever the follower is behind: at first, and when it was too slow for the lane
   */
  follow (beginning: Beginning, eventsAfter: EventsAfter, response: ServerResponse, expiry: Expiry, observer: FollowerObserver): void {
    const follower = new Follower(beginning, eventsAfter, response, expiry, this, observer)
    this.#followers.add(follower)
    follower.start(beginning.first)
  }

  left (follower: Follower): void {
    this.#followers.delete(follower)
    this.release(follower.topic)
  }

  /**
   * Closes every stream, spread over at most `windowMs` so that not all clients come back at once.
   *
   * @returns when every socket is gone
   */
  drain (windowMs: number): Promise<void> {
    return this.#followers.drain(windowMs)
  }

  /** Stops all timers and subscriptions. */
  close (): void {
    clearInterval(this.#tick)
    clearInterval(this.#check)
    for (const entry of this.#entries.values()) {
      entry.topic.close()
      entry.unsubscribe?.()
    }
    this.#entries.clear()
  }

  #create (key: string, run: FollowedRun): Entry {
    const topic = new Topic(run, this.#options, this.#memory)
    const entry: Entry = { topic, ready: this.#start(run.runId, topic, key), unsubscribe: null, holders: 0 }
    this.#entries.set(key, entry)
    return entry
  }

  /** Subscribes before it reads the log, so that no event can come in between unheard. */
  async #start (runId: string, topic: Topic, key: string): Promise<void> {
    const unsubscribe = await this.#options.live.subscribe(runId, (message) => topic.receive(message))
    const entry = this.#entries.get(key)
    if (entry?.topic !== topic) return unsubscribe()
    entry.unsubscribe = unsubscribe
    await topic.start()
  }

  #tickAll (): void {
    const now = Date.now()
    for (const entry of this.#entries.values()) entry.topic.tick(now, this.#options.heartbeatMs)
    this.#followers.tick(now, this.#options.heartbeatMs)
  }

  async #checkPositions (): Promise<void> {
    if (this.#checking) return
    this.#checking = true
    await this.#repairAll(() => true, false)
    this.#checking = false
  }

  async #repairAll (isConcerned: (topic: Topic) => boolean, isAnew: boolean): Promise<void> {
    const entries = [...this.#entries.values()].filter(({ topic }) => isConcerned(topic))
    for (let first = 0; first < entries.length; first += CHECKS_AT_ONCE) {
      // A topic that starts reads the log by itself, but it may have done so already: its repair follows the start.
      await Promise.all(entries.slice(first, first + CHECKS_AT_ONCE).map(({ ready, topic }) =>
        ready.then(() => isAnew ? topic.repairAnew() : topic.repair(), () => { /* `hold` has thrown it. */ })))
    }
  }
}

function keyOf ({ runId, tenant, basePath }: FollowedRun): string {
  return `${runId} ${basePath} ${tenant}`
}
