import { frameNameOf, runPath, seqOf, type EventId } from '@runcast/protocol'
import type { CloseReason, StreamEnd, StreamGap, StreamOpen } from '../../schemas/stream.ts'
import type { Gap } from '../run-log/gap.ts'
import type { LogEvent, LogFacts } from '../run-log/run-log.ts'
import { encodeFrame } from './encoder.ts'

/** The least and the most time before a client reconnects, in milliseconds, by the reason of the close. */
const RETRY_MS: Readonly<Record<CloseReason, readonly [number, number]>> = {
  shutdown: [500, 3_000],
  unavailable: [2_000, 10_000],
  limit: [15_000, 60_000],
  max_age: [500, 3_000],
  token_expired: [500, 3_000],
  revoked: [2_000, 10_000]
}

/** The frame of an event. */
export function eventFrame (event: LogEvent): string {
  return encodeFrame({ id: event.id, event: frameNameOf(event.type), data: event.data })
}

/** The first frame of a stream; `position` is its id. */
export function openFrame (open: StreamOpen): string {
  return encodeFrame({ id: open.position, event: 'stream_open', data: JSON.stringify(open) })
}

/**
 * The frame that tells of events missing before `resumedAfter`, the id after which the stream goes on.
 *
 * @param basePath the path below which the client sees the service; '' for the root
 */
export function gapFrame (runId: string, gap: Gap, resumedAfter: EventId, basePath: string): string {
  const data: StreamGap = {
    reason: gap.reason,
    requested: gap.requested,
    resumed_after: resumedAfter,
    lost: gap.lost,
    history_url: `${basePath}/api/v1/${runPath(runId)}/events`
  }
  return encodeFrame({ id: resumedAfter, event: 'stream_gap', data: JSON.stringify(data) })
}

/** The frame that moves a filtered follower's cursor without an event. Has data: some clients ignore an id without. */
export function positionFrame (position: EventId): string {
  return encodeFrame({ id: position, event: 'stream_position', data: JSON.stringify({ position }) })
}

/** The last frame of a finished run, with the numbers that let a client prove that it has every event. */
export function endFrame (facts: LogFacts, position: EventId): string {
  const data: StreamEnd = {
    status: facts.status,
    last_event_id: position,
    events: facts.exists ? seqOf(position) : null,
    counts: facts.counts === null ? null : { ...facts.counts }
  }
  return encodeFrame({ id: position, event: 'stream_end', data: JSON.stringify(data) })
}

/**
 * The last frame of an unfinished stream, with a jittered time before the client reconnects.
 *
 * @param position the follower's cursor; null while it is not judged yet
 */
export function closeFrame (reason: CloseReason, position: EventId | null): string {
  const [least, most] = RETRY_MS[reason]
  return encodeFrame({
    retry: least + Math.random() * (most - least),
    ...(position === null ? {} : { id: position }),
    event: 'stream_close',
    data: JSON.stringify({ reason })
  })
}
