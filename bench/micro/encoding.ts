import { ORIGIN } from '@runcast/protocol'
import { readChannelMessage } from '../../services/events/channel-message.ts'
import { parseEvents } from '../../services/events/parse-events.ts'
import { parseLiveMessage } from '../../services/run-log/live-message.ts'
import { chunkOf } from '../../services/sse/chunk.ts'
import { EVERYTHING } from '../../services/topic/filter.ts'
import { DEFAULT_LAG_BYTES, Lane, type LaneMember } from '../../services/topic/lane.ts'
import { encodeEvent } from '../../services/topic/ring.ts'
import { eventsAfter, payloadOf } from './events.ts'
import { cost, type Cost } from './stopwatch.ts'

const LIMITS = { maxEventBytes: 262_144, terminalStatuses: new Map([['succeeded', 'succeeded' as const]]) }

const BATCH = 100
const JOINED = 16
const MEMBERS = 1_000

/** Measures decoding and encoding of events, and the lane without sockets. */
export function encodingCosts (): Cost[] {
  const events = eventsAfter(ORIGIN, JOINED)
  const [event] = events
  if (event === undefined) return []
  const published = Array.from({ length: BATCH }, (_, seq) => ({ event_type: 'node_status', payload: payloadOf(seq) }))
  const body = Buffer.from(JSON.stringify(published))
  const channelMessage = Buffer.from(JSON.stringify(published[0]))
  const liveMessage = JSON.stringify({ prev: ORIGIN, events: events.map(({ id, type, data }) => [id, type, data]) })
  return [
    cost(`read a request of ${BATCH} events`, 'event', BATCH, () => parseEvents(body, 'json', LIMITS)),
    cost('read a plain PUBLISH message', 'event', 1, () => readChannelMessage(channelMessage, LIMITS)),
    cost(`read a live message of ${JOINED} events`, 'event', JOINED, () => parseLiveMessage(liveMessage)),
    cost('encode an event as a chunk', 'event', 1, () => chunkOf(encodeEvent(event).frame)),
    laneCost(1),
    laneCost(JOINED)
  ]
}

/** Measures the lane's own work, with followers that ignore their events. */
function laneCost (joined: number): Cost {
  const lane = new Lane(ORIGIN, DEFAULT_LAG_BYTES)
  for (let number = 0; number < MEMBERS; number++) lane.add(sink(), false)
  const entries = eventsAfter(ORIGIN, joined).map(encodeEvent)
  return cost(`lane without sockets, ${joined} per flush`, 'delivery', joined * MEMBERS, () => {
    for (const entry of entries) lane.push(entry)
    lane.flush(entries.at(-1)?.event.id ?? ORIGIN)
  })
}

function sink (): LaneMember {
  return { filter: EVERYTHING, backlog: () => 0, send: () => {}, fallBack: () => {}, finish: () => {} }
}
