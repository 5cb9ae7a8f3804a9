import { hash, randomInt } from 'node:crypto'
import type { RedisKeys } from '../../redis/keys.ts'
import type { RunEffect } from '../effect.ts'
import { APPEND_ID_TTL_MS, MAX_STEPS, ONCE_TTL_MS, STATE_EXTRA_TTL_SECONDS, type Retention } from '../retention.ts'
import type { AppendRequest, NewEvent } from '../run-log.ts'

/** Live messages up to this many bytes carry their events; above it, topics read the log. */
const MAX_MESSAGE_BYTES = 65_536

/** The keys and arguments of one batch for append.lua. */
export interface AppendArguments {
  readonly keys: readonly string[]
  readonly args: readonly string[]
}

/** The arguments that are the same for all batches. */
export function appendSettings (keys: RedisKeys, retention: Retention, sharded: boolean): string {
  return JSON.stringify({
    max_events: retention.maxEvents,
    max_bytes: retention.maxBytes,
    log_ttl: retention.ttlSeconds,
    state_extra_ttl: STATE_EXTRA_TTL_SECONDS,
    append_ttl: APPEND_ID_TTL_MS,
    once_ttl: ONCE_TTL_MS,
    max_steps: MAX_STEPS,
    max_message_bytes: MAX_MESSAGE_BYTES,
    publish: sharded ? 'SPUBLISH' : 'PUBLISH',
    acks: keys.acks
  })
}

/** Lays a request out in the order that the first lines of append-arguments.lua say. */
export function appendArguments (request: AppendRequest, keys: RedisKeys): AppendArguments {
  const { runId, tenant, events, once, ingest, remark, ifSilentMs } = request
  const all = [keys.log(runId), keys.run(runId), keys.fence(runId), keys.append(runId, request.appendId)]
  if (once !== undefined) all.push(keys.idempotency(runId, digest(once.key)))
  const args = [
    keys.live(runId), tenant, String(randomInt(1_000)), once === undefined ? '' : digest(once.bodyHash),
    ingest === undefined ? '' : String(ingest.token), runId,
    remark === undefined ? '' : String(remark.withinMs), ifSilentMs === undefined ? '' : String(ifSilentMs), String(events.length)
  ]
  for (const [index, event] of events.entries()) {
    if (event.once !== undefined) all.push(keys.event(runId, digest(event.once.key)))
    pushEvent(args, event, ingest?.hashes[index] ?? '')
  }
  return { keys: all, args }
}

function pushEvent (args: string[], event: NewEvent, rawHash: string): void {
  const effects = event.effect === null ? [] : effectPairs(event.effect)
  args.push(
    event.type, event.data, rawHash, event.once === undefined ? '' : digest(event.once.bodyHash),
    String(effects.length), ...effects.flat()
  )
}

function effectPairs (effect: RunEffect): Array<[name: string, value: string]> {
  const { step } = effect
  const pairs: Array<[name: string, value: string | undefined]> = [
    ['status', effect.status],
    ['outcome', effect.outcome],
    ['started', flag(effect.started)],
    ['name', effect.name],
    ['error', effect.error],
    ['retry_of', effect.retryOf],
    ['workflow', effect.workflow],
    ['log', effect.log],
    ['step', step?.step],
    ['step_status', step?.status],
    ['step_outcome', step?.outcome],
    ['step_name', step?.name]
  ]
  return pairs.flatMap(([name, value]) => value === undefined ? [] : [[name, value]])
}

function flag (value: boolean | undefined): string | undefined {
  return value === true ? '1' : undefined
}

/** Makes a publisher's name a part of a key: of one length, and without braces or spaces. */
function digest (text: string): string {
  return hash('sha256', text, 'base64url')
}
