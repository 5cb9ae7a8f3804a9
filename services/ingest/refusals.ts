import { PUBLISH_REFUSED } from '@runcast/protocol'
import type { PublishRefused } from '../../schemas/events.ts'
import type { NewEvent } from '../run-log/run-log.ts'
import type { WaitingMessage } from './run-queues.ts'

/** A message that was refused, until its run shows that. Nothing of its content is kept. */
export interface PendingRefusal extends WaitingMessage {
  /** The code of the fault. */
  readonly reason: string
  /** The member that has the fault; null when it is the message itself. */
  readonly field: string | null
}

/** The memory that a refusal takes, in bytes. */
const REFUSAL_BYTES = 400

/** The most bytes of refusals that wait. Further ones are only counted by the metrics. */
export const MAX_REFUSAL_BYTES = 4_194_304

/** Makes the refusal of a message. */
export function refusalOf ({ hash, tenant, size, receivedAt }: Omit<WaitingMessage, 'bytes'>, reason: string, field: string | null): PendingRefusal {
  return { hash, tenant, size, receivedAt, bytes: REFUSAL_BYTES, reason, field }
}

/**
 * Makes the events that tell of refused messages, one for each fault.
 *
 * @returns the events, and per event the hashes of its messages, separated by spaces
 */
export function remarksOn (refusals: readonly PendingRefusal[]): { events: NewEvent[], hashes: string[] } {
  const groups = new Map<string, { payload: PublishRefused, hashes: string[] }>()
  for (const { reason, field, size, hash } of refusals) {
    const key = `${reason} ${field}`
    const { payload, hashes } = groups.get(key) ?? { payload: { reason, field, bytes: 0, count: 0 }, hashes: [] }
    hashes.push(hash)
    groups.set(key, { payload: { reason, field, bytes: payload.bytes + size, count: payload.count + 1 }, hashes })
  }
  return {
    events: [...groups.values()].map(({ payload }) => ({ type: PUBLISH_REFUSED, data: JSON.stringify(payload), effect: null })),
    hashes: [...groups.values()].map(({ hashes }) => hashes.join(' '))
  }
}
