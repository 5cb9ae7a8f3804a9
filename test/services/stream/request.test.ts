import t from 'tap'
import { noFacts, type LogFacts } from '../../../services/run-log/run-log.ts'
import { decide, readStreamRequest, type StreamRequest } from '../../../services/stream/request.ts'
import { EVERYTHING } from '../../../services/topic/filter.ts'

const RULES = { graceMs: 2_000, refusesUnknown: false }

t.test('a cursor beats the other places, and the header beats the query', async (t) => {
  t.match(readStreamRequest('5-1', { last_event_id: '6-2', tail: 3 }), { from: { at: 'cursor', cursor: '5-1' } })
  t.match(readStreamRequest('', { last_event_id: '6-2', lastEventId: '7-3', tail: 3 }), { from: { at: 'cursor', cursor: '6-2' } })
  t.match(readStreamRequest(undefined, { tail: 3, since: '2026-01-31T12:00:00Z' }), { from: { at: 'tail', count: 3 } })
  t.match(readStreamRequest(undefined, { tail: 0 }), { from: { at: 'end' } })
  t.match(readStreamRequest(undefined, { from: 'now' }), { from: { at: 'end' } })
  t.match(readStreamRequest(undefined, {}), { from: { at: 'first' }, filter: EVERYTHING, unknownId: null })
})

t.test('a malformed cursor is quoted back from the header, and refused in the query', async (t) => {
  t.match(readStreamRequest('abc', {}), { from: { at: 'first' }, unknownId: 'abc' })
  t.equal(readStreamRequest('x'.repeat(10_000), {})?.unknownId?.length, 128)
  t.equal(readStreamRequest(undefined, { last_event_id: '9999999999999999-1' }), null)
})

t.test('a time may be a leap second, and one before 1970 is the beginning', async (t) => {
  t.match(readStreamRequest(undefined, { since: '2016-12-31T23:59:60Z' }), { from: { at: 'since', ms: Date.parse('2016-12-31T23:59:59Z') } })
  t.match(readStreamRequest(undefined, { since: '2016-12-31T23:59:60.5+01:00' }), { from: { at: 'since', ms: Date.parse('2016-12-31T23:59:59.5+01:00') } })
  t.match(readStreamRequest(undefined, { since: '1969-01-01T00:00:00Z' }), { from: { at: 'since', ms: 0 } })
})

t.test('the answer follows the cursor, the gap and the state of the run', async (t) => {
  const request = (cursor: string | null, unknownId: string | null = null): StreamRequest =>
    ({ from: cursor === null ? { at: 'first' } : { at: 'cursor', cursor }, filter: EVERYTHING, unknownId })
  const facts: LogFacts = { ...noFacts(50_000), exists: true, last: '1000-5', first: { id: '1000-1', prev: '0-0' } }
  const level = { position: '1000-5', gap: null }
  const gap = { reason: 'expired', requested: '900-1', lost: 3 } as const
  t.strictSame(decide(request(null), { facts, resume: level }, RULES), { kind: 'fresh', gap: null })
  t.strictSame(decide(request('1000-5'), { facts, resume: level }, RULES), { kind: 'resumed', gap: null })
  t.strictSame(decide(request('900-1'), { facts, resume: { position: '0-0', gap } }, RULES), { kind: 'expired', gap })
  t.match(decide(request(null, 'abc'), { facts, resume: level }, RULES), { kind: 'unknown_id', gap: { requested: 'abc', lost: null } })
  const finished = { ...facts, terminalId: '1000-4' }
  t.equal(decide(request('1000-5'), { facts: finished, resume: level }, RULES).kind, 'no_content')
  t.equal(decide(request('1000-5'), { facts: { ...finished, now: 1_500 }, resume: level }, RULES).kind, 'resumed', 'within the grace')
  const unknown = noFacts(50_000)
  t.equal(decide(request(null), { facts: unknown, resume: level }, RULES).kind, 'waiting')
  t.equal(decide(request(null), { facts: unknown, resume: level }, { ...RULES, refusesUnknown: true }).kind, 'not_found')
  t.equal(decide(request('0-0'), { facts: unknown, resume: level }, { ...RULES, refusesUnknown: true }).kind, 'waiting')
  t.equal(decide(request('40000-0'), { facts: unknown, resume: level }, RULES).kind, 'no_content', 'the cursor of a forgotten end')
})
