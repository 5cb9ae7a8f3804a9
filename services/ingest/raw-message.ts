import { hash } from 'node:crypto'
import { readChannelMessage, type Mended } from '../events/channel-message.ts'
import type { EventLimits } from '../events/event-fields.ts'
import { refusalOf, type PendingRefusal } from './refusals.ts'
import type { PendingMessage } from './run-queues.ts'

/** The memory that a message takes beside its text, in bytes. */
const MESSAGE_OVERHEAD_BYTES = 200

/** A message that can be stored and the faults that were mended, or the refusal of one that cannot. */
export type ReadMessage =
  | { readonly message: PendingMessage, readonly mended: ReadonlySet<Mended> }
  | { readonly refusal: PendingRefusal }

/**
 * Reads a plain PUBLISH message.
 *
 * @param receivedAt by the monotonic clock, in milliseconds
 */
export function readRawMessage (raw: Buffer, limits: EventLimits, receivedAt: number): ReadMessage {
  const base = { hash: hash('sha1', raw, 'base64url'), size: raw.length, receivedAt }
  const read = readChannelMessage(raw, limits)
  if ('reason' in read) return { refusal: refusalOf({ ...base, tenant: read.tenant }, read.reason, read.field) }
  const { event, tenant, mended } = read
  // A payload that is stored as it came is a slice of the whole text.
  const bytes = mended.has('truncated') ? event.data.length : raw.length
  return { message: { ...base, event, tenant, bytes: bytes + MESSAGE_OVERHEAD_BYTES }, mended }
}
