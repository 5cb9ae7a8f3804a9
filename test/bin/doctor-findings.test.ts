import t from 'tap'
import { clockDifference, clockFinding, streamFindings, timingFindings } from '../../bin/doctor/findings.ts'
import type { Ticks } from '../../bin/doctor/probe.ts'

/** A stream of eight ticks, the sixth of them large, whose ticks arrive at these times. */
function arrived (times: readonly number[], fields: Partial<Ticks> = {}): Ticks {
  const first = { now: 0, ticks: 8, interval_ms: 250, heartbeat_ms: 15_000, last_event_id: '1-1' }
  const ticks = times.map((arrivedAt, index) => ({ sequence: index + 1, sent_at: 250 * (index + 1), arrivedAt, ...(index === 5 ? { padding: 'x' } : {}) }))
  return { kind: 'ticks', askedAt: 0, first, firstAt: 10, ticks, encoding: null, server: '', closed: null, isBroken: false, ...fields }
}

const CLOCK = { aheadMs: 0, roundTripMs: 20 }
const SENT = [250, 500, 750, 1000, 1250, 1500, 1750, 2000]

t.test('ticks that arrive at their time are well, also with a clock that is off', async (t) => {
  t.same(timingFindings(arrived(SENT.map((at) => at + 15)), CLOCK), [])
  t.same(timingFindings(arrived(SENT.map((at) => at + 15 - 90_000)), { aheadMs: 90_000, roundTripMs: 20 }), [])
  t.same(streamFindings(arrived(SENT)), [])
})

t.test('ticks that wait for the end, or for a full buffer, are told apart', async (t) => {
  t.match(timingFindings(arrived(SENT.map(() => 2010)), CLOCK), [{ code: 'buffered', problem: 'arrived together, the first 1760 ms late, at the end of the stream' }])
  t.match(timingFindings(arrived([1510, 1510, 1510, 1510, 1510, 1510, 1760, 2010]), CLOCK), [{ code: 'buffered', problem: 'when a large one filled the buffer' }])
})

t.test('a delay of every tick but the last, which comes with the end, is told', async (t) => {
  t.match(timingFindings(arrived([...SENT.slice(0, -1).map((at) => at + 210), 2005]), CLOCK), [{ code: 'delayed', problem: 'at least 210 ms' }])
})

t.test('a stream that ends early, or is closed by the service', async (t) => {
  t.match(streamFindings(arrived(SENT.slice(0, 3))), [{ code: 'cut', problem: '3 of 8 ticks' }])
  t.match(streamFindings(arrived([], { first: null, closed: 'limit' })), [{ code: 'closed', remedy: /MAX_STREAMS/ }])
})

t.test('the fastest answer tells the clocks', async (t) => {
  const clock = clockDifference([arrived([], { askedAt: 0, firstAt: 1000 }), arrived([], { askedAt: 7_000, firstAt: 7_010 })])
  t.same(clock, { aheadMs: -7_005, roundTripMs: 10 })
  t.match(clock === null ? null : clockFinding(clock), { code: 'clock', problem: 'The clock of the service is 7 s behind this machine\'s' })
  t.equal(clockFinding(CLOCK), null)
  t.equal(clockDifference([]), null)
})
