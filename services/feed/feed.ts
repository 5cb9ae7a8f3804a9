import { DEFAULT_RUNS } from '../../schemas/runs.ts'
import { StoreCorruptError } from '../problems/storage-errors.ts'
import type { ChangeListener, LiveChannels } from '../pubsub/live-channels.ts'
import type { RunLog, RunState } from '../run-log/run-log.ts'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import type { FeedFollower } from './feed-follower.ts'
import { snapshotFrame, updateFrame } from './frames.ts'
import { KnownRuns } from './known-runs.ts'
import type { View } from './view.ts'

/** The part of the run log that a feed reads. */
export type ReadableRuns = Pick<RunLog, 'readRun' | 'listRuns'>

export interface FeedOptions {
  readonly log: ReadableRuns
  readonly live: Pick<LiveChannels, 'subscribeChanges'>
  /** Called when a feed can not read the log. It tries again. */
  readonly failed: (error: unknown) => void
}

/** The least time between two rounds, and so between two updates of one run, in milliseconds. */
const INTERVAL_MS = 250

/** The pause after a round that failed, in milliseconds. */
const RETRY_MS = 1_000

/** The most hints that one round follows. A tenant with more changes than that has its runs updated less often. */
const MOST_HINTS = 500

/** The most runs or snapshots that are read at once. */
const READS_AT_ONCE = 50

/**
 * One tenant's runs, for the followers that watch them all. A feed works in rounds, one at a time: it reads the runs
 * that hints name and the snapshots that followers wait for, then writes both in one synchronous step. So every update
 * after a snapshot reaches its follower, and none comes before the snapshot.
 */
export class Feed implements ChangeListener {
  readonly tenant: string
  readonly #options: FeedOptions
  readonly #followers = new Set<FeedFollower>()
  readonly #known = new KnownRuns()
  readonly #hints = new Set<string>()
  #isVerified = false
  #leave: (() => void) | null = null
  #timer: NodeJS.Timeout | null = null
  #isBusy = false
  #isClosed = false
  /** The earliest begin of the next round, by the monotonic clock. */
  #nextAt = 0

  constructor (tenant: string, options: FeedOptions) {
    this.tenant = tenant
    this.#options = options
  }

  /** True when nobody follows. */
  get isIdle (): boolean {
    return this.#followers.size === 0
  }

  /** Adds a follower. It gets a snapshot, then updates; when the log can not be read it is closed as `unavailable`. */
  add (follower: FeedFollower): void {
    this.#followers.add(follower)
    this.work()
  }

  remove (follower: FeedFollower): void {
    this.#followers.delete(follower)
  }

  changed (runId: string): void {
    this.#hints.add(runId)
    this.work()
  }

  missed (): void {
    this.#isVerified = false
    this.work()
  }

  /** Schedules a round if there is work for one. */
  work (): void {
    if (this.#isBusy || this.#isClosed || this.#timer !== null || !this.#hasWork()) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#run()
    }, Math.max(0, this.#nextAt - performance.now()))
  }

  /** Stops the rounds and the listening. The streams of the followers stay open. */
  close (): void {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#leave?.()
  }

  #hasWork (): boolean {
    return this.#hints.size > 0 || !this.#isVerified || [...this.#followers].some((follower) => follower.awaitsSnapshot)
  }

  async #run (): Promise<void> {
    this.#isBusy = true
    const startedAt = performance.now()
    this.#nextAt = startedAt + (await this.#round() ? INTERVAL_MS : RETRY_MS)
    this.#isBusy = false
    this.work()
  }

  /** @returns false when the log could not be read */
  async #round (): Promise<boolean> {
    const waiting = [...this.#followers].filter((follower) => follower.awaitsSnapshot)
    const hints = take(this.#hints, MOST_HINTS)
    const isVerified = this.#isVerified
    this.#isVerified = true
    try {
      if (!await this.#subscribe()) return true
      const listed = isVerified ? null : await this.#known.list(this.#options.log, this.tenant)
      const hinted = (await inPieces(hints, (runId) => this.#read(runId))).filter((state) => state !== null)
      // Read last: the runs noted as known by this round are then in the snapshots.
      const snapshots = await this.#readSnapshots(waiting)
      const states = new Map([...listed ?? [], ...hinted].map((state) => [state.runId, state]))
      const news = [...states.values()].filter((state) => this.#known.isNews(state))
      this.#writeUpdates(news)
      this.#writeSnapshots(waiting, snapshots)
      if (listed !== null) this.#known.replace(listed)
      for (const state of news) this.#known.note(state)
      return true
    } catch (error) {
      for (const runId of hints) this.#hints.add(runId)
      this.#isVerified = false
      for (const follower of waiting) follower.close('unavailable')
      this.#options.failed(error)
      return false
    }
  }

  /** @returns false when the feed was closed meanwhile */
  async #subscribe (): Promise<boolean> {
    this.#leave ??= await this.#options.live.subscribeChanges(this.tenant, this)
    if (this.#isClosed) this.#leave()
    return !this.#isClosed
  }

  /** @returns the state of a run, or null when it is gone, another tenant's or corrupt */
  async #read (runId: string): Promise<RunState | null> {
    try {
      const state = await this.#options.log.readRun(runId)
      return state?.tenant === this.tenant ? state : null
    } catch (error) {
      if (error instanceof StoreCorruptError) return null
      throw error
    }
  }

  /** @returns one snapshot per view, by its key */
  async #readSnapshots (followers: readonly FeedFollower[]): Promise<Map<string, Chunk>> {
    const views = new Map(followers.map(({ view }) => [view.key, view]))
    return new Map(await inPieces([...views.values()], async ({ key, allows }): Promise<[string, Chunk]> => {
      const page = await this.#options.log.listRuns({ tenant: this.tenant, status: null, outcome: null, limit: DEFAULT_RUNS, cursor: null, allows })
      return [key, chunkOf(snapshotFrame(page))]
    }))
  }

  #writeUpdates (news: readonly RunState[]): void {
    const current = [...this.#followers].filter((follower) => follower.isCurrent)
    const frames = current.length === 0 ? [] : news.map((state) => ({ runId: state.runId, text: updateFrame(state) }))
    const updates = new Map<string, Update | null>()
    for (const follower of current) {
      const { view } = follower
      if (!updates.has(view.key)) updates.set(view.key, updateOf(frames, view))
      const update = updates.get(view.key) ?? null
      if (update !== null) follower.sendUpdates(update.chunk, update.count)
    }
  }

  #writeSnapshots (waiting: readonly FeedFollower[], snapshots: ReadonlyMap<string, Chunk>): void {
    for (const follower of waiting) {
      const snapshot = snapshots.get(follower.view.key)
      if (snapshot !== undefined && follower.awaitsSnapshot) follower.sendSnapshot(snapshot)
    }
  }
}

/** The updates of one round that a view shows. */
interface Update {
  readonly chunk: Chunk
  readonly count: number
}

function updateOf (frames: ReadonlyArray<{ readonly runId: string, readonly text: string }>, view: View): Update | null {
  const texts = frames.filter(({ runId }) => view.allows(runId)).map(({ text }) => text)
  return texts.length === 0 ? null : { chunk: chunkOf(texts.join('')), count: texts.length }
}

function take<Item> (set: Set<Item>, count: number): Item[] {
  const taken = [...set].slice(0, count)
  for (const item of taken) set.delete(item)
  return taken
}

/** Maps with at most READS_AT_ONCE calls under way. */
async function inPieces<Item, Result> (items: readonly Item[], map: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let start = 0; start < items.length; start += READS_AT_ONCE) {
    results.push(...await Promise.all(items.slice(start, start + READS_AT_ONCE).map(map)))
  }
  return results
}
