import { eventTypeOf } from '@runcast/protocol'
import { createParser } from 'eventsource-parser'
import t from 'tap'
import { encodeFrame, PING, retryLine } from '../../../services/sse/encoder.ts'
import { closeFrame, endFrame, eventFrame, gapFrame, openFrame, positionFrame } from '../../../services/sse/frames.ts'

interface Parsed { id: string | undefined, event: string | undefined, data: string }

function parse (text: string): Parsed[] {
  const events: Parsed[] = []
  createParser({ onEvent: ({ id, event, data }) => events.push({ id, event, data }) }).feed(text)
  return events
}

t.test('a frame carries the id before the data and ends with an empty line', async (t) => {
  t.equal(encodeFrame({ id: '5-1', event: 'log', data: '{"a":1}' }), 'id: 5-1\nevent: log\ndata: {"a":1}\n\n')
  t.equal(encodeFrame({ event: 'log', data: '' }), 'event: log\ndata: \n\n')
  t.equal(encodeFrame({ retry: 12.4, event: 'x', data: '{}' }), 'retry: 12\nevent: x\ndata: {}\n\n')
})

t.test('a field that would forge another field is refused', async (t) => {
  for (const forged of ['a\nid: 9', 'a\rdata: x', 'a\0']) {
    t.throws(() => encodeFrame({ event: forged, data: '{}' }), RangeError)
    t.throws(() => encodeFrame({ event: 'log', data: forged }), RangeError)
    t.throws(() => encodeFrame({ id: forged, event: 'log', data: '{}' }), RangeError)
  }
})

t.test('a standard parser reads the event that was sent', async (t) => {
  const data = '{"emoji":"😀","big":1152921504606846976,"lone":"\\ud800"}'
  t.strictSame(parse(eventFrame({ id: '7-3', prev: '7-2', type: 'log', data })), [{ id: '7-3', event: 'log', data }])
})

t.test('separators of lines are escaped, and the value is the same', async (t) => {
  const value = { 'in a name\u2028': 'a\u0085b\u2028c\u2029d', 'not one': 'é\u0084\u2027\u202a\u007f' }
  const [event] = parse(eventFrame({ id: '7-3', prev: '7-2', type: 'log', data: JSON.stringify(value) }))
  t.equal(event?.data, '{"in a name\\u2028":"a\\u0085b\\u2028c\\u2029d","not one":"é\u0084\u2027\u202a\u007f"}')
  t.strictSame(JSON.parse(event?.data ?? ''), value)
})

t.test('neither a heartbeat nor the time to come back ends a block', async (t) => {
  const frame = encodeFrame({ event: 'log', data: '1' })
  t.equal(PING + retryLine(7) + PING + frame, ': ping\nretry: 7\n: ping\nevent: log\ndata: 1\n\n')
  t.strictSame(parse(PING + retryLine(7) + PING + frame + PING), [{ id: undefined, event: 'log', data: '1' }])
})

t.test('no event has the name of one that EventSource dispatches itself', async (t) => {
  const nameOf = (type: string) => parse(eventFrame({ id: '7-3', prev: '7-2', type, data: '1' }))[0]?.event
  for (const type of ['error', 'open']) {
    t.equal(nameOf(type), `_${type}`)
    t.equal(eventTypeOf(`_${type}`), type)
  }
  for (const type of ['message', 'close', 'Error', 'open_', 'errors', 'log']) {
    t.equal(nameOf(type), type)
    t.equal(eventTypeOf(type), type)
  }
})

t.test('control frames have named events, ids and one line of JSON', async (t) => {
  const [open] = parse(openFrame({ run_id: 'r', mode: 'waiting', position: '0-0', status: null }))
  t.match(open, { id: '0-0', event: 'stream_open' })
  t.strictSame(JSON.parse(open?.data ?? ''), { run_id: 'r', mode: 'waiting', position: '0-0', status: null })

  const [gap] = parse(gapFrame('r', { reason: 'expired', requested: '1-1', lost: 3 }, '9-4', '/base'))
  t.match(gap, { id: '9-4', event: 'stream_gap' })
  t.strictSame(JSON.parse(gap?.data ?? ''), {
    reason: 'expired', requested: '1-1', resumed_after: '9-4', lost: 3, history_url: '/base/api/v1/workflow-runs/r/events'
  })

  t.strictSame(parse(positionFrame('8-8')), [{ id: '8-8', event: 'stream_position', data: '{"position":"8-8"}' }])

  const facts = { now: 0, exists: true, first: null, last: '9-4', tenant: '', status: 'failed', terminalId: '9-4', quietSince: 9, counts: { log: 4 } }
  t.strictSame(parse(endFrame(facts, '9-4')), [{
    id: '9-4', event: 'stream_end', data: '{"status":"failed","last_event_id":"9-4","events":4,"counts":{"log":4}}'
  }])
})

t.test('a closing frame says when to come back, within the bounds of its reason', async (t) => {
  for (let round = 0; round < 50; round++) {
    const retry = Number(/^retry: (\d+)\n/.exec(closeFrame('limit', null))?.[1])
    t.ok(retry >= 15_000 && retry <= 60_000)
  }
  t.notMatch(closeFrame('limit', null), /^id:/m)
  t.match(closeFrame('shutdown', '4-4'), /^id: 4-4$/m)
})
