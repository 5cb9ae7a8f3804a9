import { msOf, ORIGIN, seqOf } from '@runcast/protocol'
import { ApiError } from '../../api/api-error.ts'
import type { EventPage, EventPageQuery, Run } from '../../api/types.ts'
import { kindOfStatus } from '../../status/statuses.ts'
import { LogReader, type ReaderState, type StreamedItem } from './log-reader.ts'
import type { SourceEvent } from './log-rows.ts'
import { LogView } from './log-view.ts'
import { nextId } from './log-window.ts'
import { previewOf, withPreviews, type Preview } from './previews.ts'
import { endedRun, foldEvent, runStateOf, UNKNOWN_RUN, type RunState } from './run-state.ts'

/** What a session asks the service. Each rejects with ApiError. */
export interface RunSource {
  getRun (signal: AbortSignal): Promise<Run>
  listEvents (query: EventPageQuery, signal: AbortSignal): Promise<EventPage>
  /** The first event that tells of an error; null when there is none. */
  findFirstError (signal: AbortSignal): Promise<string | null>
}

/** When things are done. */
export interface Timing {
  /** Runs a step after `ms` milliseconds. */
  after (ms: number, step: () => void): void
}

/** What was found out after a reconnect. */
export interface Checked {
  /** How many events were missed for good; null when that is not known. */
  readonly missed: number | null
  /** How many events the run has had until then. */
  readonly events: number
}

/** All of a run that is looked at but its log. */
export interface SessionState {
  /** `waiting`: there is no such run yet; `refused`: the person may not see it, nobody is signed in any more, or no run is named so. */
  readonly phase: 'opening' | 'waiting' | 'open' | 'refused'
  /** Why it does not open; null when it does. */
  readonly problem: ApiError | null
  readonly run: RunState
  readonly reader: ReaderState
  readonly previews: readonly Preview[]
  /** After which event the stream begins; null before that is known. */
  readonly streamFrom: string | null
  /** The last event that is known. */
  readonly newest: string
  /** The line to be shown, and a number that changes when it is to be shown again. */
  readonly focus: { readonly id: string, readonly time: number } | null
  readonly firstError: string | null
  /** How often more came than could be taken in as it came. */
  readonly timesBehind: number
  readonly checked: Checked | null
}

// Answers that asking again does not change: no run id, nobody signed in, not allowed.
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403])

// How often a service that does not answer is asked again, in milliseconds.
const RETRY_MS = 3_000
const PREVIEWS_AT_ONCE = 50
const MAX_PREVIEW_PAGES = 20

/** One run that somebody looks at: opens it, takes in what its stream brings, and reads what is asked for. */
export class RunSession {
  readonly log: LogView
  readonly reader: LogReader
  #state: SessionState
  #stateAsOf = 0
  /** What the stream says of the state while that is read, which may answer with an older one. */
  #unread: SourceEvent[] | null = null
  #check: { target: number | null, missed: number | null } | null = null
  #focusTime = 0
  readonly #closed = new AbortController()
  readonly #source: RunSource
  readonly #timing: Timing
  readonly #listeners = new Set<() => void>()

  constructor (source: RunSource, timing: Timing) {
    this.#source = source
    this.#timing = timing
    this.log = new LogView((step) => timing.after(0, step))
    this.reader = new LogReader(this.log, (query, signal) => source.listEvents(query, signal), () => this.#set({}))
    this.#state = {
      phase: 'opening',
      problem: null,
      run: UNKNOWN_RUN,
      reader: this.reader.state,
      previews: [],
      streamFrom: null,
      newest: ORIGIN,
      focus: null,
      firstError: null,
      timesBehind: 0,
      checked: null
    }
  }

  /** Calls back after every change of the state. @returns ends it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): SessionState => this.#state
  readonly #newest = () => this.#state.newest

  /**
   * Opens the run: at a line, else a failed one at its first error, else at its end. Asks again for as long as the
   * service does not answer.
   */
  async open (line: string | null): Promise<void> {
    try {
      const run = await this.#source.getRun(this.#closed.signal)
      this.#takeState(run)
      this.#set({ phase: 'open', problem: null, streamFrom: run.last_event_id, newest: run.last_event_id })
      await (line === null ? this.#openRun() : this.show(line))
      await this.#readPreviews(run)
    } catch (error) {
      this.#openFailed(error, line)
    }
  }

  /** Takes in what the stream has brought, in its order. */
  receive (items: readonly StreamedItem[]): void {
    let { run, newest, previews, firstError } = this.#state
    const added: Preview[] = []
    for (const item of items) {
      if (item.kind === 'gap') {
        newest = item.resumedAfter
        const isValid = ({ id }: Preview) => seqOf(id) <= seqOf(newest) && msOf(id) <= msOf(newest)
        previews = withPreviews(previews, added.splice(0)).filter(isValid)
        firstError = null
        this.#noteMissed(item.lost)
        this.#readState()
        continue
      }
      const { event } = item
      if (seqOf(event.id) > this.#stateAsOf) run = foldEvent(run, event)
      if (event.type === 'status_change') this.#unread?.push(event)
      const preview = previewOf(event)
      if (preview !== null) added.push(preview)
      this.#noteMissed(Math.max(0, seqOf(event.id) - seqOf(newest) - 1))
      newest = event.id
    }
    this.reader.take(items)
    this.#set({
      run,
      newest,
      previews: withPreviews(previews, added),
      firstError,
      ...(this.#state.phase === 'waiting' && newest !== ORIGIN ? { phase: 'open' as const } : {})
    })
    this.#finishCheck()
  }

  /** More has come than the stream holds: the log is to be read anew where it is wanted. @param newest the last event */
  async fallBehind (newest: string): Promise<void> {
    this.reader.detach()
    this.#set({ newest, timesBehind: this.#state.timesBehind + 1 })
    const run = await this.#readState()
    if (run !== null) await this.#readPreviews(run)
  }

  /** The stream has told that the run is over. @param status what it is called, if known */
  end (status: string | null): void {
    this.#set({ run: endedRun(this.#state.run, status, this.#state.newest) })
  }

  /** The connection is lost: from now on, what is missed is counted. */
  connectionLost (): void {
    this.#check ??= { target: null, missed: 0 }
  }

  /** The connection is back: finds out whether anything was missed. */
  connectionBack (): void {
    this.reader.retry()
    if (this.#check !== null) this.#readState()
  }

  /** Brings a line into view, reading what is around it if need be. */
  async show (id: string): Promise<void> {
    if (!this.log.window.has(id)) await this.reader.openAt(id)
    this.#set({ focus: { id, time: ++this.#focusTime } })
  }

  /** Brings the first error into view. @returns whether there is one */
  async showFirstError (): Promise<boolean> {
    const firstError = this.#state.firstError ?? await this.#source.findFirstError(this.#closed.signal).catch(() => null)
    this.#set({ firstError })
    if (firstError !== null) await this.show(firstError)
    return firstError !== null
  }

  /** Brings the newest lines into view. */
  async showEnd (): Promise<void> {
    if (!this.#state.reader.isAtEnd) await this.reader.openEnd(this.#newest)
  }

  close (): void {
    this.#closed.abort()
    this.reader.close()
  }

  async #openRun (): Promise<void> {
    await this.reader.openEnd(this.#newest)
    if (kindOfStatus(this.#state.run.status) === 'failed') await this.showFirstError()
  }

  /** The newest results from before the stream begins. */
  async #readPreviews (run: Run): Promise<void> {
    const expected = run.counts === null ? 1 : Math.min(run.counts['result_preview'] ?? 0, PREVIEWS_AT_ONCE)
    let before: string | null = expected === 0 ? null : nextId(run.last_event_id)
    for (let found = 0, pages = 0; found < expected && before !== null && pages < MAX_PREVIEW_PAGES; pages++) {
      const page = await this.#source.listEvents({ before, limit: PREVIEWS_AT_ONCE, event_types: 'result_preview' }, this.#closed.signal)
      const previews = page.events.flatMap(({ id, event_type: type, payload: data }) => previewOf({ id, type, data }) ?? [])
      found += previews.length
      before = page.more ? page.before : null
      this.#set({ previews: withPreviews(this.#state.previews, previews) })
    }
  }

  #openFailed (error: unknown, line: string | null): void {
    if (this.#closed.signal.aborted) return
    const problem = error instanceof ApiError ? error : new ApiError(0, 'unexpected', String(error))
    if (problem.status === 404) {
      this.#set({ phase: 'waiting', problem: null, streamFrom: ORIGIN })
      this.reader.openEnd(this.#newest)
    } else if (REFUSALS.has(problem.status)) {
      this.#set({ phase: 'refused', problem })
    } else {
      this.#set({ problem })
      this.#timing.after(RETRY_MS, () => { if (!this.#closed.signal.aborted) this.open(line) })
    }
  }

  /** @returns null when the service does not answer; the stream goes on without, and what it brings tells the rest */
  async #readState (): Promise<Run | null> {
    this.#unread ??= []
    try {
      const run = await this.#source.getRun(this.#closed.signal)
      this.#takeState(run)
      if (this.#check !== null) this.#check.target = seqOf(run.last_event_id)
      this.#finishCheck()
      return run
    } catch {
      return null
    }
  }

  #takeState (run: Run): void {
    const asOf = seqOf(run.last_event_id)
    const since = (this.#unread ?? []).filter(({ id }) => seqOf(id) > asOf)
    this.#unread = null
    this.#stateAsOf = asOf
    this.#set({ run: since.reduce(foldEvent, runStateOf(run)) })
  }

  #noteMissed (count: number | null): void {
    if (this.#check === null || this.#check.missed === null) return
    this.#check.missed = count === null ? null : this.#check.missed + count
  }

  #finishCheck (): void {
    const events = seqOf(this.#state.newest)
    if (this.#check === null || this.#check.target === null || events < this.#check.target) return
    this.#set({ checked: { missed: this.#check.missed, events } })
    this.#check = null
  }

  #set (change: Partial<SessionState>): void {
    this.#state = { ...this.#state, ...change, reader: this.reader.state }
    for (const listener of this.#listeners) listener()
  }
}
