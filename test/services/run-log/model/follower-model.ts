import assert from 'node:assert/strict'
import { ORIGIN, seqOf, type EventId } from '@runcast/protocol'
import type { LogEvent, RunLog } from '../../../../services/run-log/run-log.ts'
import type { Truth } from './run-model.ts'

/** A follower with its cursor and its events since the last gap that it was told of. */
export class FollowerModel {
  readonly #runId: string
  #cursor: EventId = ORIGIN
  /** The id after which it has everything. */
  #since: EventId = ORIGIN
  #held: LogEvent[] = []

  constructor (runId: string) {
    this.#runId = runId
  }

  /**
   * Reads a page. Checks the page, the gap and all events held against the truth.
   *
   * @returns whether the page brought anything
   */
  async read (log: RunLog, limit: number, truth: Truth): Promise<boolean> {
    const { resume, events } = await log.readPage({ runId: this.#runId, from: { at: 'cursor', cursor: this.#cursor }, limit })
    const { gap, position } = resume
    assert.equal(gap === null, continues(this.#cursor, truth), `${this.#cursor}: a gap is announced exactly when there is one`)
    if (gap === null) {
      assert.equal(position, this.#cursor)
    } else {
      assert.equal(gap.requested, this.#cursor)
      assert.equal(gap.lost, gap.reason === 'expired' ? seqOf(position) - seqOf(this.#cursor) : null)
      this.#since = position
      this.#held = []
    }
    this.#held.push(...events)
    this.#cursor = events.at(-1)?.id ?? position
    this.#check(truth)
    return events.length > 0
  }

  /** The events held must be the present history from one id to another, without a hole, a repetition or a stranger. */
  #check ({ history }: Truth): void {
    const from = this.#since === ORIGIN ? 0 : history.findIndex(({ id }) => id === this.#since) + 1
    assert(from > 0 || this.#since === ORIGIN, `${this.#since} is not of the present history`)
    assert.deepEqual(this.#held, history.slice(from, from + this.#held.length))
    assert.equal(this.#cursor, this.#held.at(-1)?.id ?? this.#since)
  }
}

function continues (cursor: EventId, { history, trimmed }: Truth): boolean {
  if (cursor === (history.at(-1)?.id ?? ORIGIN)) return true
  return history.slice(trimmed).some(({ id, prev }, index) => id === cursor || (index === 0 && prev === cursor))
}
