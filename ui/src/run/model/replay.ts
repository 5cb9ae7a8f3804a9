import { msOf, seqOf } from '@runcast/protocol'
import type { EventPage } from '../../api/types.ts'
import { eventsOf } from './log-page.ts'
import type { SourceEvent } from './log-rows.ts'
import { foldEvent, UNKNOWN_RUN, type RunState } from './run-state.ts'

/** The speeds of a replay, relative to the run. */
export const SPEEDS = [1, 2, 4, 8, 16, 32] as const

/** One of the speeds of a replay. */
export type Speed = typeof SPEEDS[number]

/** A finished run to be shown again. Times in milliseconds since 1970. */
export interface Recording {
  readonly from: number
  readonly to: number
  /** The state at the begin. */
  readonly base: RunState
  /** The events that change the state, in order. */
  readonly changes: readonly SourceEvent[]
}

/** The moment of a replay, its speed, and whether it plays. */
export interface ReplayState {
  readonly at: number
  readonly speed: Speed
  readonly isPlaying: boolean
}

/**
 * Records the changes of a run's state.
 *
 * @param readPage reads the `status_change` events after an id
 * @param first the first event of the run, or the one before it
 * @param last the last event of the run
 * @param known the present state, from which a recording without the run's begin takes the rest; null with it
 */
export async function record (readPage: (after: string) => Promise<EventPage>, first: string, last: string, known: RunState | null): Promise<Recording> {
  const changes: SourceEvent[] = []
  let after: string | null = first
  while (after !== null) {
    const page: EventPage = await readPage(after)
    changes.push(...eventsOf(page))
    after = page.more && page.after !== null && seqOf(page.after) < seqOf(last) ? page.after : null
  }
  const base = known === null ? UNKNOWN_RUN : { ...known, status: 'running', outcome: null, terminal: false, error: null, finishedAt: null, steps: [] }
  return { from: msOf(first), to: msOf(last), base, changes }
}

/** The state of a recorded run at a moment. */
export function stateAt ({ base, changes }: Recording, at: number): RunState {
  return changes.filter(({ id }) => msOf(id) <= at).reduce(foldEvent, base)
}

/** Moves a replay on. @param ms the time that has passed for the person, in milliseconds */
export function advanced (state: ReplayState, { to }: Recording, ms: number): ReplayState {
  if (!state.isPlaying) return state
  const at = Math.min(to, state.at + ms * state.speed)
  return { ...state, at, isPlaying: at < to }
}

/** Plays or stops a replay. At its end it begins anew. */
export function toggled (state: ReplayState, { from, to }: Recording): ReplayState {
  return { ...state, at: !state.isPlaying && state.at >= to ? from : state.at, isPlaying: !state.isPlaying }
}
