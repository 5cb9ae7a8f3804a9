import { hash, randomInt } from 'node:crypto'
import type { RunEffect } from '../../events/effect.ts'
import type { RedisKeys } from '../../redis-keys.ts'
import { APPEND_ID_TTL_MS, MAX_STEPS, ONCE_TTL_MS, STATE_EXTRA_TTL_SECONDS, type AppendRequest, type NewEvent, type Retention } from '../run-log.ts'

/** Live messages up to this many bytes carry their events; above it, topics read the log. */
const MAX_MESSAGE_BYTES = 65_536

/** What append.lua is called with. */
export interface AppendArguments {
  readonly keys: string[]
  readonly args: string[]
}

/** Lays a request out as append.lua reads it; its first lines say how. */
export function appendArguments (request: AppendRequest, keys: RedisKeys, retention: Retention, sharded: boolean): AppendArguments {
  const { runId, tenant, events, once, ingest } = request
  const header = {
    count: events.length,
    jitter: randomInt(1_000),
    max_events: retention.maxEvents,
    max_bytes: retention.maxBytes,
    log_ttl: retention.ttlSeconds,
    state_ttl: retention.ttlSeconds + STATE_EXTRA_TTL_SECONDS,
    append_ttl: APPEND_ID_TTL_MS,
    once_ttl: ONCE_TTL_MS,
    max_steps: MAX_STEPS,
    max_message_bytes: MAX_MESSAGE_BYTES,
    live: keys.live(runId),
    publish: sharded ? 'SPUBLISH' : 'PUBLISH',
    ...(once === undefined ? {} : { once_hash: digest(once.bodyHash) }),
    ...(ingest === undefined
      ? {}
      : { token: ingest.token, acks: keys.acks, ack: { run: runId, token: ingest.token, hashes: ingest.hashes } })
  }
  const named = events.flatMap((event) => event.once === undefined ? [] : [keys.event(runId, digest(event.once.key))])
  return {
    keys: [
      keys.log(runId), keys.run(runId), keys.fence(runId), keys.append(runId, request.appendId),
      ...(once === undefined ? [] : [keys.idempotency(runId, digest(once.key))]), ...named
    ],
    args: [JSON.stringify(header), tenant, ...events.flatMap((event, index) => eventArguments(event, ingest?.hashes[index]))]
  }
}

function eventArguments (event: NewEvent, rawHash = ''): string[] {
  const effects = event.effect === null ? [] : effectPairs(event.effect)
  return [
    event.type, event.data, rawHash, event.once === undefined ? '' : digest(event.once.bodyHash),
    String(effects.length), ...effects.flat()
  ]
}

function effectPairs (effect: RunEffect): Array<[name: string, value: string]> {
  const { step } = effect
  const pairs: Array<[name: string, value: string | undefined]> = [
    ['status', effect.status],
    ['terminal', flag(effect.terminal)],
    ['started', flag(effect.started)],
    ['name', effect.name],
    ['error', effect.error],
    ['retry_of', effect.retryOf],
    ['workflow', effect.workflow],
    ['log', effect.log],
    ['step', step?.step],
    ['step_status', step?.status],
    ['step_terminal', flag(step?.terminal)],
    ['step_name', step?.name]
  ]
  return pairs.flatMap(([name, value]) => value === undefined ? [] : [[name, value]])
}

function flag (value: boolean | undefined): string | undefined {
  return value === true ? '1' : undefined
}

/** Publishers' names as part of a key: of one length, and without braces or spaces. */
function digest (text: string): string {
  return hash('sha256', text, 'base64url')
}
