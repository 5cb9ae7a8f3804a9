import { seqOf } from '@runcast/protocol'
import type { Run } from '../../api/types.ts'
import type { SourceEvent } from './log-rows.ts'
import { foldEvent, runStateOf, type RunState } from './run-state.ts'

/** Joins the two sources of a run's state: the service's answers and the stream, which may be ahead of an answer. */
export class StateSync {
  /** The number of the last event that is in the service's last answer. */
  #asOf = 0
  /** Changes that the stream brought while an answer was awaited; null while none is. */
  #changes: SourceEvent[] | null = null

  /** To be called before the service is asked. */
  awaitAnswer (): void {
    this.#changes ??= []
  }

  /** The state by an answer of the service and by the changes that came after it. */
  answered (run: Run): RunState {
    this.#asOf = seqOf(run.last_event_id)
    const later = (this.#changes ?? []).filter((event) => this.#isLater(event))
    this.#changes = null
    return later.reduce(foldEvent, runStateOf(run))
  }

  /** The state after an event of the stream. */
  streamed (state: RunState, event: SourceEvent): RunState {
    if (event.type === 'status_change') this.#changes?.push(event)
    return this.#isLater(event) ? foldEvent(state, event) : state
  }

  #isLater ({ id }: SourceEvent): boolean {
    return seqOf(id) > this.#asOf
  }
}
