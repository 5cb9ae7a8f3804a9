import type { EventId } from '@runcast/protocol'
import type { Resume } from '../run-log/gap.ts'
import type { From, LogEvent, LogFacts, Page } from '../run-log/run-log.ts'
import type { SharedReads } from '../run-log/shared-reads.ts'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { gapFrame } from '../sse/frames.ts'
import { passes, type Filter } from './filter.ts'
import { encodeEvent, type EncodedEvent } from './ring.ts'
import type { FollowedRun } from './followed-run.ts'
import type { TopicMemory } from './topic-memory.ts'

/** A part of a run, ready to be written to every follower with the same filter. */
export interface EncodedPage {
  readonly facts: LogFacts
  /** The id before the first event, and the gap before that, if any. */
  readonly resume: Resume
  /** Control frames, to be written before the events; '' for none. */
  readonly frames: string
  /** The events that passed the filter; null when none did. */
  readonly chunk: Chunk | null
  /** The number of events in the chunk. */
  readonly events: number
  /** The id of the last event read, whether it passed the filter or not. */
  readonly position: EventId
  /** The id of the last event that passed; where the page begins when none did. */
  readonly sent: EventId
}

/** Full pages are history and do not change, so they are kept for the followers that come right behind. */
const KEEP_MS = 5_000

/** The pages of one run's log, encoded once per place and filter for all followers that want them. */
export class EncodedPages {
  readonly #reads: SharedReads
  readonly #memory: TopicMemory
  readonly #kept = new Map<string, EncodedPage>()

  constructor (reads: SharedReads, memory: TopicMemory) {
    this.#reads = reads
    this.#memory = memory
  }

  /** @throws as `RunLog.readPage` does */
  async read (run: FollowedRun, from: From, filter: Filter): Promise<EncodedPage> {
    // Only the events after a cursor stay the same: other places move with the log.
    if (from.at !== 'cursor') return encodePage(run, await this.#reads.read(from), filter)
    const key = `${filter.key} ${from.cursor}`
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const page = await this.#reads.read(from)
    return this.#kept.get(key) ?? this.#keep(key, encodePage(run, page, filter))
  }

  /** Forgets all pages: the history that they come from is void. */
  forget (): void {
    for (const key of this.#kept.keys()) this.#drop(key)
  }

  #keep (key: string, page: EncodedPage): EncodedPage {
    const isHistory = page.chunk !== null && page.resume.gap === null && page.position !== page.facts.last
    if (!isHistory || !this.#memory.takePage(bytesOf(page))) return page
    this.#kept.set(key, page)
    setTimeout(() => { if (this.#kept.get(key) === page) this.#drop(key) }, KEEP_MS).unref()
    return page
  }

  #drop (key: string): void {
    const page = this.#kept.get(key)
    if (page === undefined) return
    this.#kept.delete(key)
    this.#memory.freePage(bytesOf(page))
  }
}

/** Makes a page of events whose frames are in memory. */
export function pageOf (facts: LogFacts, position: EventId, entries: readonly EncodedEvent[], filter: Filter): EncodedPage {
  const passing = entries.filter((entry) => passes(filter, entry.event))
  return joined(facts, { position, gap: null }, '', entries.at(-1)?.event, passing)
}

function encodePage ({ runId, basePath }: FollowedRun, { facts, resume, events }: Page, filter: Filter): EncodedPage {
  const passing = events.filter((event) => passes(filter, event)).map(encodeEvent)
  const frames = resume.gap === null ? '' : gapFrame(runId, resume.gap, resume.position, basePath)
  return joined(facts, resume, frames, events.at(-1), passing)
}

function joined (facts: LogFacts, resume: Resume, frames: string, last: LogEvent | undefined, passing: readonly EncodedEvent[]): EncodedPage {
  return {
    facts,
    resume,
    frames,
    chunk: passing.length === 0 ? null : chunkOf(passing.map((entry) => entry.frame).join('')),
    events: passing.length,
    position: last?.id ?? resume.position,
    sent: passing.at(-1)?.event.id ?? resume.position
  }
}

function bytesOf (page: EncodedPage): number {
  return page.chunk?.framed.length ?? 0
}
