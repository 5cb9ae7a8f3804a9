import { ORIGIN, type EventId, type Outcome } from '@runcast/protocol'
import type { ProblemError } from '../problems/problem-error.ts'
import type { RunEffect } from './effect.ts'
import type { Resume } from './gap.ts'

/**
 * The run log: the append-only, bounded, ordered list of each run's events, and the state that follows from it.
 * Two implementations, embedded (LMDB) and Redis, pass one contract suite.
 */
export interface RunLog {
  /**
   * Connects or opens; later calls do nothing more. Resolves at once when the store can connect later (Redis), rejects
   * when it can't be used.
   */
  open (): Promise<void>

  /**
   * Appends a batch to a run in one atomic step: all of it or nothing, in order, durable when the promise resolves.
   *
   * @throws RunNotFoundError (the run is another tenant's; it does not take the remark), IdempotencyConflictError,
   *   IngestFencedError, NotSilentError, DiskFullError, RedisFullError, UnavailableError, StoreCorruptError
   */
  append (request: AppendRequest): Promise<AppendResult>

  /**
   * Notes that the publisher of a run lives. A finished run stays as it is. It is no event, and prolongs nothing.
   *
   * @returns true while the run goes on
   * @throws RunNotFoundError (there is no such run, or it is another tenant's), UnavailableError, StoreCorruptError
   */
  noteAlive (runId: string, tenant: string): Promise<boolean>

  /**
   * Finds runs that have ever sent a sign of life, are not finished, and were not heard for `silentMs`: some of them at a
   * time, the longest silent first.
   *
   * @throws UnavailableError, StoreCorruptError
   */
  silentRuns (silentMs: number): Promise<RunState[]>

  /**
   * Reads one page and the facts around it in one atomic step, and judges the cursor against them.
   *
   * @throws UnavailableError, StoreCorruptError
   */
  readPage (request: PageRequest): Promise<Page>

  /**
   * Reads the newest events before a place. They are given in ascending order.
   *
   * @param before the exclusive upper bound, or null for the end of the log
   * @returns at most `limit` events, fewer when they are large, none only at the beginning of the log
   */
  readBefore (runId: string, before: EventId | null, limit: number): Promise<LogEvent[]>

  /** Finds the first of `ids` (given newest first) that the log still has; null when it has none. */
  newestKept (runId: string, ids: readonly EventId[]): Promise<EventId | null>

  /** Reads the state of a run; null when neither log nor state is there. */
  readRun (runId: string): Promise<RunState | null>

  /** Lists one tenant's runs, the last changed first. */
  listRuns (request: ListRequest): Promise<ListPage>

  /**
   * Proves by a write of its own that the store takes events now. Never rejects.
   *
   * @returns null, or the fault
   */
  probe (): Promise<ProblemError | null>

  /** Finishes the appends that were accepted, and lets go. */
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
  /** The change that the event makes to the state of its run. */
  readonly effect: RunEffect | null
  /** The publisher's own id of the event and a hash of type and payload: stored once within ten minutes. */
  readonly once?: Once
}

/** A name under which something is done once, and a hash of its content, which tells a repetition from a mistake. */
export interface Once {
  readonly key: string
  readonly bodyHash: string
}

export interface AppendRequest {
  readonly runId: string
  /** The tenant that writes; '' for none. A run belongs to the tenant that first wrote to it. The tenant of an ingest only counts for a new run. */
  readonly tenant: string
  /** 1 to 1,000 events. */
  readonly events: readonly NewEvent[]
  /** The name of this append, which is carried out once within 60 s, however often it is repeated. */
  readonly appendId: string
  /** The request's `Idempotency-Key`, under which it is carried out once within 10 minutes. */
  readonly once?: Once
  /** Set by the ingest of plain PUBLISH: the holder's fencing token and per event the hash of its raw message; several are separated by spaces. */
  readonly ingest?: { readonly token: number, readonly hashes: readonly string[] }
  /**
   * Set where the service itself remarks on a run. A remark is appended only to a log that is there and of exactly this
   * tenant, and until `withinMs` after the terminal status. It prolongs neither the grace nor the life of the run.
   */
  readonly remark?: { readonly withinMs: number }
  /** Appends only to an unfinished run that has sent signs of life and was not heard for so long, in milliseconds. */
  readonly ifSilentMs?: number
}

export interface AppendResult {
  /** One id per event of the request, in its order. */
  readonly ids: EventId[]
  /** The run's state after the append: an append to a finished run leaves it as it is. */
  readonly run: { readonly status: string | null, readonly terminal: boolean }
  /** True if nothing was appended, since all of it had been before. */
  readonly duplicate: boolean
}

/** The place where a page begins. Only a `cursor` is judged for gaps against a follower's history; the others choose a place. */
export type From =
  | { readonly at: 'cursor', readonly cursor: EventId }
  | { readonly at: 'first' }
  | { readonly at: 'end' }
  | { readonly at: 'tail', readonly count: number }
  | { readonly at: 'since', readonly ms: number }

export interface PageRequest {
  readonly runId: string
  readonly from: From
  /** The most events of the page. Of large events it has fewer, but at least one: about a mebibyte is the bound. */
  readonly limit: number
}

export interface Page {
  readonly facts: LogFacts
  /** The place of the page in the log, and the gap before it. */
  readonly resume: Resume
  /** In order, each the successor of the one before; the first is the successor of `resume.position`. */
  readonly events: LogEvent[]
}

/** The facts of a run at the moment of a read. */
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
  /** The time of the newest event that is no remark of the service, in milliseconds since 1970: the grace counts from it. */
  readonly quietSince: number
  /** The number of events of each type ever appended; null when the state had to be rebuilt. */
  readonly counts: Readonly<Record<string, number>> | null
}

/** The facts of a run that does not exist. */
export function noFacts (now: number): LogFacts {
  return { now, exists: false, first: null, last: ORIGIN, tenant: '', status: null, terminalId: null, quietSince: 0, counts: null }
}

export interface StepState {
  readonly step: string
  readonly name: string | null
  readonly status: string
  /** Null unless that status ended the step. */
  readonly outcome: Outcome | null
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
  /** Null unless the run is finished. Also null for a run that ended before the service knew outcomes, with a word of its own. */
  readonly outcome: Outcome | null
  readonly terminal: boolean
  /** The time of the newest event or sign of life; null if the run has never sent a sign. */
  readonly lastHeardAt: number | null
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
  /** The workflow that the run executes: JSON text of `{name, version}`; null when its events named none. */
  readonly workflow: string | null
}

export interface ListRequest {
  readonly tenant: string
  /** In lower case; null for all. */
  readonly status: string | null
  /** Null for all. */
  readonly outcome: Outcome | null
  readonly limit: number
  /** As given by the page before; null for the first. */
  readonly cursor: string | null
  /** Tells if the caller may see a run. */
  readonly allows: (runId: string) => boolean
}

export interface ListPage {
  readonly runs: RunState[]
  /** Asks for the next page; null at the end. */
  readonly cursor: string | null
}
