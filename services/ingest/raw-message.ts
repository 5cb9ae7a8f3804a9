import { hash } from 'node:crypto'
import { RUN_ID_PATTERN } from '@runcast/protocol'
import { decodeUtf8, parseChannelMessage, type EventLimits } from '../events/parse-events.ts'
import { isProblemError } from '../problems/problem-error.ts'
import type { PendingMessage } from './run-queues.ts'

/** The bytes that a message may have beside its payload. A larger one is not even parsed. */
const MAX_ENVELOPE_BYTES = 65_536

/** The memory that a message takes beside its text, in bytes. */
const MESSAGE_OVERHEAD_BYTES = 200

const RUN_ID = new RegExp(RUN_ID_PATTERN)

/**
 * Reads a plain PUBLISH message.
 *
 * @param runId the part of the channel's name after the prefix
 * @param receivedAt by the monotonic clock, in milliseconds
 * @returns the message, or the reason for which it is dropped
 */
export function readRawMessage (runId: string, raw: Buffer, limits: EventLimits, receivedAt: number): PendingMessage | string {
  if (!RUN_ID.test(runId)) return 'invalid_run_id'
  if (raw.length > limits.maxEventBytes * 4 + MAX_ENVELOPE_BYTES) return 'event_too_large'
  try {
    const { event, tenant } = parseChannelMessage(decodeUtf8(raw), limits)
    return { hash: hash('sha1', raw, 'base64url'), event, tenant, bytes: raw.length + MESSAGE_OVERHEAD_BYTES, receivedAt }
  } catch (error) {
    return isProblemError(error) ? error.code : 'unreadable'
  }
}
