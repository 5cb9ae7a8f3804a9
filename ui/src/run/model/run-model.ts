import { isAtOrBefore, ORIGIN, seqOf } from '@runcast/protocol'
import { ApiError } from '../../api/api-error.ts'
import type { EventPage, EventPageQuery, Run } from '../../api/types.ts'
import { LogReader, type StreamedItem } from './log-reader.ts'
import { LogView } from './log-view.ts'
import { newestPreviews } from './newest-previews.ts'
import { previewOf, withPreviews, type Preview } from './previews.ts'
import { ReconnectCheck } from './reconnect-check.ts'
import type { RunModelState } from './run-model-state.ts'
import { endedRun, UNKNOWN_RUN } from './run-state.ts'
import { StateSync } from './state-sync.ts'

/** The requests of a run's page to the service. Each rejects with ApiError. */
export interface RunSource {
  getRun (signal: AbortSignal): Promise<Run>
  listEvents (query: EventPageQuery, signal: AbortSignal): Promise<EventPage>
  /** Finds the first event with an error. @returns its id; null when there is none */
  findFirstError (signal: AbortSignal): Promise<string | null>
}

/** The timers of a model. */
export interface Timing {
  /** Calls back after `ms` milliseconds. */
  after (ms: number, callback: () => void): void
}

/** The statuses of answers that asking again does not change: no run id, nobody signed in, not allowed. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403])

/** The time between two requests to a service that does not answer, in milliseconds. */
const RETRY_MS = 3_000

/** The model of a run's page: opens the run, takes in its stream, and reads the parts of the log that are asked for. */
export class RunModel {
  readonly log: LogView
  readonly reader: LogReader
  #state: RunModelState
  #focusTime = 0
  /** The newest event at the last `refresh`. */
  #refreshedAt = ORIGIN
  readonly #sync = new StateSync()
  readonly #check = new ReconnectCheck()
  readonly #closed = new AbortController()
  readonly #source: RunSource
  readonly #timing: Timing
  readonly #listeners = new Set<() => void>()

  constructor (source: RunSource, timing: Timing) {
    this.#source = source
    this.#timing = timing
    this.log = new LogView((callback) => timing.after(0, callback))
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

  /** Calls back after every change of the state. @returns stops it */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): RunModelState => this.#state
  readonly #newest = () => this.#state.newest

  /**
   * Opens the run: at a line, else a failed run at its first error, else at its end. It asks again while the service
   * does not answer.
   */
  async open (line: string | null): Promise<void> {
    try {
      const run = await this.#source.getRun(this.#closed.signal)
      this.#set({ run: this.#sync.answered(run), phase: 'open', problem: null, streamFrom: run.last_event_id, newest: run.last_event_id })
      await (line === null ? this.#openRun() : this.show(line))
      await this.#readPreviews(run)
    } catch (error) {
      this.#openFailed(error, line)
    }
  }

  /** Takes in news of the stream, in their order. */
  receive (items: readonly StreamedItem[]): void {
    let { run, newest, previews, firstError } = this.#state
    const added: Preview[] = []
    for (const item of items) {
      if (item.kind === 'gap') {
        newest = item.resumedAfter
        const isValid = ({ id }: Preview) => isAtOrBefore(id, newest)
        previews = withPreviews(previews, added.splice(0)).filter(isValid)
        firstError = null
        this.#check.count(item.lost)
        this.#readState()
        continue
      }
      const { event } = item
      run = this.#sync.streamed(run, event)
      const preview = previewOf(event)
      if (preview !== null) added.push(preview)
      this.#check.count(Math.max(0, seqOf(event.id) - seqOf(newest) - 1))
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

  /** More came than the stream holds: the log is read anew where it is needed. @param newest the last event */
  async fallBehind (newest: string): Promise<void> {
    this.reader.detach()
    this.#set({ newest, timesBehind: this.#state.timesBehind + 1 })
    const run = await this.#readState()
    if (run !== null) await this.#readPreviews(run)
  }

  /** The stream has ended with the run. @param status the last status, if it is known */
  end (status: string | null): void {
    this.#set({ run: endedRun(this.#state.run, status, this.#state.newest) })
    // Only the service knows the outcome of the operator's own words.
    if (this.#state.run.outcome === null) this.#readState()
  }

  /** The connection is lost: missed events are counted from now on. */
  connectionLost (): void {
    this.#check.begin()
  }

  /** The connection is back: finds out whether events were missed. */
  connectionBack (): void {
    this.reader.retry()
    if (this.#check.isOn) this.#readState()
  }

  /** Brings a line into view, and reads the lines around it if they are not held. */
  async show (id: string): Promise<void> {
    if (!this.log.window.has(id)) await this.reader.openAt(id)
    this.#set({ focus: { id, time: ++this.#focusTime } })
  }

  /** Brings the first error into view. @returns false without one */
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

  /** Asks when the publisher of a run was last heard, unless its events have told since the last call. To be called now and then. */
  refresh (): void {
    const { phase, run, newest } = this.#state
    if (phase === 'open' && !run.terminal && newest === this.#refreshedAt) this.#readState()
    this.#refreshedAt = newest
  }

  close (): void {
    this.#closed.abort()
    this.reader.close()
  }

  async #openRun (): Promise<void> {
    await this.reader.openEnd(this.#newest)
    if (this.#state.run.outcome === 'failed') await this.showFirstError()
  }

  /** Reads the newest results from before the stream begins. */
  async #readPreviews (run: Run): Promise<void> {
    for await (const previews of newestPreviews(run, (query) => this.#source.listEvents(query, this.#closed.signal))) {
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

  /** @returns null when the service does not answer: then the stream brings the state up to date */
  async #readState (): Promise<Run | null> {
    this.#sync.awaitAnswer()
    try {
      const run = await this.#source.getRun(this.#closed.signal)
      this.#set({ run: this.#sync.answered(run) })
      this.#check.expect(seqOf(run.last_event_id))
      this.#finishCheck()
      return run
    } catch {
      return null
    }
  }

  #finishCheck (): void {
    const checked = this.#check.finish(seqOf(this.#state.newest))
    if (checked !== null) this.#set({ checked })
  }

  #set (change: Partial<RunModelState>): void {
    this.#state = { ...this.#state, ...change, reader: this.reader.state }
    for (const listener of this.#listeners) listener()
  }
}
