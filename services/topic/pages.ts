import type { EventId } from '@runcast/protocol'
import type { Resume } from '../run-log/gap.ts'
import type { From, LogEvent, LogFacts, Page, RunLog } from '../run-log/run-log.ts'
import { chunkOf, type Chunk } from '../sse/chunk.ts'
import { passes, type Filter } from './filter.ts'
import { encodeEvent, type EncodedEvent } from './ring.ts'
import type { TopicMemory } from './topic-memory.ts'

/** The most events of one page. */
export const PAGE_EVENTS = 500

/** A page ready to be written to every follower with the same filter. */
export interface EncodedPage {
  readonly facts: LogFacts
  readonly resume: Resume
  /** The id of the last event read, whether it passed the filter or not. */
  readonly position: EventId
  /** The id of the last event that passed; where the page begins when none did. */
  readonly sent: EventId
  /** null when no event passed. */
  readonly chunk: Chunk | null
  /** How many events the chunk holds. */
  readonly events: number
}

/** Full pages are history and do not change, so they are kept for the followers that come right behind. */
const KEEP_MS = 5_000

/** Reads of one run's log, shared: one per place and filter serves all followers that want it. */
export class SharedPages {
  readonly #runId: string
  readonly #log: RunLog
  readonly #reads = new Map<string, Promise<Page>>()
  readonly #kept = new Map<string, EncodedPage>()
  readonly #memory: TopicMemory

  constructor (runId: string, log: RunLog, memory: TopicMemory) {
    this.#runId = runId
    this.#log = log
    this.#memory = memory
  }

  /**
   * @param onRead called once per read of the log with what it brought
   * @throws RunLogError as `RunLog.readPage` does
   */
  async read (from: From, filter: Filter, onRead: (page: Page) => void): Promise<EncodedPage> {
    const place = JSON.stringify(from)
    const key = `${filter.key} ${place}`
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const page = await this.#readOnce(from, place, onRead)
    // What follows a cursor stays the same; where the others begin changes with the log.
    if (from.at !== 'cursor') return encodePage(page, filter)
    return this.#kept.get(key) ?? this.#keep(key, encodePage(page, filter))
  }

  /** Forgets all pages, when the history they come from is void. */
  forget (): void {
    for (const key of this.#kept.keys()) this.#drop(key)
  }

  #readOnce (from: From, place: string, onRead: (page: Page) => void): Promise<Page> {
    const running = this.#reads.get(place)
    if (running !== undefined) return running
    const read = this.#log.readPage({ runId: this.#runId, from, limit: PAGE_EVENTS })
      .then((page) => {
        onRead(page)
        return page
      })
      .finally(() => this.#reads.delete(place))
    this.#reads.set(place, read)
    return read
  }

  #keep (key: string, page: EncodedPage): EncodedPage {
    const isHistory = page.chunk !== null && page.resume.gap === null && page.position !== page.resume.position && page.position !== page.facts.last
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

function bytesOf (page: EncodedPage): number {
  return page.chunk?.framed.length ?? 0
}

function encodePage (page: Page, filter: Filter): EncodedPage {
  const passing = page.events.filter((event) => passes(filter, event)).map(encodeEvent)
  return encoded(page.facts, page.resume, page.events.at(-1), passing)
}

/** A page out of a topic's ring: frames that are encoded already. */
export function pageOf (facts: LogFacts, cursor: EventId, entries: readonly EncodedEvent[], filter: Filter): EncodedPage {
  const passing = entries.filter((entry) => passes(filter, entry.event))
  return encoded(facts, { position: cursor, gap: null }, entries.at(-1)?.event, passing)
}

function encoded (facts: LogFacts, resume: Resume, last: LogEvent | undefined, passing: readonly EncodedEvent[]): EncodedPage {
  return {
    facts,
    resume,
    position: last?.id ?? resume.position,
    sent: passing.at(-1)?.event.id ?? resume.position,
    chunk: passing.length === 0 ? null : chunkOf(passing.map((entry) => entry.frame).join('')),
    events: passing.length
  }
}
