import { ORIGIN, type EventId } from '@runcast/protocol'
import type { RunEffect } from './effect.ts'
import type { Resume } from './gap.ts'

/**
 * The run log: the append-only, bounded, ordered list of each run's events, and the state that follows from it.
 * Two implementations, embedded (LMDB) and Redis, pass one contract suite.
 */
export interface RunLog {
  /**
   * Connects or opens, once however often it is called. Resolves at once when the store can connect later (Redis);
   * rejects when it can't be used.
   */
  open (): Promise<void>

  /**
   * Appends a batch to a run in one atomic step: all of it or nothing, in order, durable when the promise resolves.
   *
   * @throws RunLogError `run_not_found` (the run is another tenant's), `idempotency_conflict`, `fenced`,
   *   `storage_full`, `unavailable`, `store_corrupt`
   */
  append (request: AppendRequest): Promise<AppendResult>

  /**
   * Reads one page and the facts around it in one atomic step, and judges the cursor against them.
   *
   * @throws RunLogError `unavailable`, `store_corrupt`
   */
  readPage (request: PageRequest): Promise<Page>

  /**
   * The events before a place, the newest of them first read but given in ascending order.
   *
   * @param before the exclusive upper bound, or null for the end of the log
   * @returns at most `limit` events, fewer when they are large, none only at the beginning of the log
   */
  readBefore (runId: string, before: EventId | null, limit: number): Promise<LogEvent[]>

  /** The first of `ids` (given newest first) that the log still has, or null. */
  newestKept (runId: string, ids: readonly EventId[]): Promise<EventId | null>

  /** The state of a run, or null when neither log nor state is there. */
  readRun (runId: string): Promise<RunState | null>

  /** One tenant's runs, the last changed first. */
  listRuns (request: ListRequest): Promise<ListPage>

  /** Whether the store answers now. Never rejects. */
  isAvailable (): Promise<boolean>

  /** Finishes what was accepted and lets go. */
  close (): Promise<void>
}

/** One entry of a run log. */
export interface LogEvent {
  readonly id: EventId
  /** The id of the entry before it; `0-0` for the first of a history. */
  readonly prev: EventId
  readonly type: string
  /** The payload: the publisher's own JSON text in one line. */
  readonly data: string
}

/** One event on its way into the log. */
export interface NewEvent {
  readonly type: string
  /** The payload as one line of JSON text. */
  readonly data: string
  /** What the event does to the state of its run. */
  readonly effect: RunEffect | null
  /** The publisher's own id of the event and a hash of type and payload: stored once within ten minutes. */
  readonly once?: Once
}

/** A name under which something is done once, and a hash of what is done, to tell a repetition from a mistake. */
export interface Once {
  readonly key: string
  readonly bodyHash: string
}

export interface AppendRequest {
  readonly runId: string
  /** The tenant that writes; '' for none. A run belongs to the tenant that first wrote to it. An ingest's only counts for a new run. */
  readonly tenant: string
  /** 1 to 1,000 events. */
  readonly events: readonly NewEvent[]
  /** Names this append: carried out once within 60 s, whatever repeats it. */
  readonly appendId: string
  /** The request's `Idempotency-Key`: carried out once within 10 minutes. */
  readonly once?: Once
  /** Set by the ingest of plain PUBLISH: the holder's fencing token and one hash of the raw message per event. */
  readonly ingest?: { readonly token: number, readonly hashes: readonly string[] }
}

export interface AppendResult {
  /** One id per event of the request, in its order. */
  readonly ids: EventId[]
  /** Whether nothing was appended because all of it had been before. */
  readonly duplicate: boolean
}

/** Where a page begins. Only `cursor` is judged for gaps against what a follower has; the others choose. */
export type From =
  | { readonly at: 'cursor', readonly cursor: EventId }
  | { readonly at: 'first' }
  | { readonly at: 'end' }
  | { readonly at: 'tail', readonly count: number }
  | { readonly at: 'since', readonly ms: number }

export interface PageRequest {
  readonly runId: string
  readonly from: From
  /** The most events of the page. It has fewer, but at least one, when they are large: about a mebibyte is the bound. */
  readonly limit: number
}

export interface Page {
  readonly facts: LogFacts
  /** Whether the page continues what was asked for, or what is missing before it. */
  readonly resume: Resume
  /** In order, each the successor of the one before; the first is the successor of `resume.position`. */
  readonly events: LogEvent[]
}

/** What is true of a run at the moment of a read. */
export interface LogFacts {
  /** The log's clock, milliseconds since 1970. */
  readonly now: number
  /** False when neither log nor state of the run is there. */
  readonly exists: boolean
  /** The first retained entry and its predecessor's id; null when the log is empty or gone. */
  readonly first: { readonly id: EventId, readonly prev: EventId } | null
  /** The id of the newest event ever appended, as far as known; `0-0` when none. */
  readonly last: EventId
  /** '' for none. */
  readonly tenant: string
  /** The run's status in lower case, or null before the first `status_change`. */
  readonly status: string | null
  /** The event that brought the terminal status, or null. */
  readonly terminalId: EventId | null
  /** How many events of each type were appended; null when the state had to be rebuilt. */
  readonly counts: Readonly<Record<string, number>> | null
}

/** What is true of a run that nobody has heard of. */
export function noFacts (now: number): LogFacts {
  return { now, exists: false, first: null, last: ORIGIN, tenant: '', status: null, terminalId: null, counts: null }
}

export interface StepState {
  readonly step: string
  readonly name: string | null
  readonly status: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly updatedAt: number
  readonly finishedAt: number | null
}

/** The state of a run as its events have made it. Times in milliseconds since 1970. */
export interface RunState {
  readonly runId: string
  readonly tenant: string
  readonly name: string | null
  readonly status: string | null
  readonly terminal: boolean
  /** The JSON text of the error that a status_change brought, or null. */
  readonly error: string | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly updatedAt: number
  readonly events: number
  readonly counts: Readonly<Record<string, number>> | null
  readonly steps: StepState[]
  readonly lastLog: string | null
  readonly firstEventId: EventId | null
  readonly lastEventId: EventId
  readonly retryOf: string | null
  /** The workflow that it executes: JSON text of `{name, version}`; null when its events named none. */
  readonly workflow: string | null
}

export interface ListRequest {
  readonly tenant: string
  /** In lower case; null for all. */
  readonly status: string | null
  readonly limit: number
  /** As given by the page before; null for the first. */
  readonly cursor: string | null
  /** Which runs the caller may see. */
  readonly allows: (runId: string) => boolean
}

export interface ListPage {
  readonly runs: RunState[]
  /** Asks for the next page; null at the end. */
  readonly cursor: string | null
}

export type RunLogErrorCode =
  | 'run_not_found'
  | 'idempotency_conflict'
  | 'fenced'
  | 'storage_full'
  | 'unavailable'
  | 'store_corrupt'
  | 'data_dir_in_use'

/** A fault of the run log that its callers tell apart by `code`. The cause, if any, is for the log, never for a client. */
export class RunLogError extends Error {
  readonly code: RunLogErrorCode

  constructor (code: RunLogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RunLogError'
    this.code = code
  }
}
