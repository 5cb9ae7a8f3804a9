import { ORIGIN, parseCursor, splitEventId, type EventId } from '@runcast/protocol'
import t from 'tap'
import type { Gap } from '../../../services/run-log/gap.ts'
import { continues, judge, type Lookup } from '../../../services/run-log/resume.ts'
import type { From, LogFacts } from '../../../services/run-log/run-log.ts'

const TTL_S = 3_600
const NOW = 1_764_000_000_000

/** A log that has the events 5 to 9. */
const LOG: LogFacts = { ...none(), exists: true, first: { id: '200-5', prev: '100-4' }, last: '300-9' }

/** A run whose log is gone. */
const STATE: LogFacts = { ...none(), exists: true, last: '300-9' }

t.test('a cursor against a log', async (t) => {
  const rows: Array<[why: string, cursor: EventId, hasCursor: boolean, position: EventId, gap: Omit<Gap, 'requested'> | null]> = [
    ['its exact id is there', '250-7', true, '250-7', null],
    ['it is the last', '300-9', true, '300-9', null],
    ['it is the predecessor of the first', '100-4', false, '100-4', null],
    ['it is before the first otherwise', '90-3', false, '100-4', { reason: 'expired', lost: 1 }],
    ['it is before everything', ORIGIN, false, '100-4', { reason: 'expired', lost: 4 }],
    ['it is old and of the first\'s own time', '200-3', false, '100-4', { reason: 'expired', lost: 1 }],
    ['its seq is the predecessor\'s, its time is not', '99-4', false, '100-4', { reason: 'forked', lost: null }],
    ['its seq is retained, its id is not there', '251-7', false, '100-4', { reason: 'forked', lost: null }],
    ['its seq is the last, its time is not', '299-9', false, '100-4', { reason: 'forked', lost: null }],
    ['it is beyond the top', '300-10', false, '100-4', { reason: 'forked', lost: null }],
    ['its time is above the first\'s though its seq is below', '201-3', false, '100-4', { reason: 'forked', lost: null }]
  ]
  for (const [why, cursor, hasCursor, position, gap] of rows) {
    const expected = { position, gap: gap === null ? null : { ...gap, requested: cursor } }
    t.same(judge({ at: 'cursor', cursor }, LOG, { hasCursor, chosen: null }, TTL_S), expected, why)
    t.equal(continues(cursor, LOG, hasCursor), gap === null, why)
  }
})

t.test('a cursor against a run whose log is gone', async (t) => {
  const rows: Array<[cursor: EventId, gap: Omit<Gap, 'requested'> | null]> = [
    ['300-9', null],
    ['100-4', { reason: 'expired', lost: 5 }],
    [ORIGIN, { reason: 'expired', lost: 9 }],
    ['300-10', { reason: 'forked', lost: null }],
    ['299-9', { reason: 'forked', lost: null }],
    ['301-5', { reason: 'forked', lost: null }]
  ]
  for (const [cursor, gap] of rows) {
    const expected = { position: '300-9', gap: gap === null ? null : { ...gap, requested: cursor } }
    t.same(judge({ at: 'cursor', cursor }, STATE, nothing(), TTL_S), expected, cursor)
  }
})

t.test('a cursor against nothing', async (t) => {
  const judged = (cursor: EventId) => judge({ at: 'cursor', cursor }, none(), nothing(), TTL_S)
  t.same(judged(ORIGIN), { position: ORIGIN, gap: null }, 'before the first event of a run that may come')
  const young = `${NOW - TTL_S * 1_000}-5`
  t.same(judged(young), { position: ORIGIN, gap: { reason: 'forked', requested: young, lost: null } })
  const old = `${NOW - TTL_S * 1_000 - 1}-5`
  t.same(judged(old), { position: `${NOW}-0`, gap: { reason: 'expired', requested: old, lost: null } })
  const told = `${NOW - 5}-0`
  t.same(judged(told), { position: `${NOW}-0`, gap: { reason: 'expired', requested: told, lost: null } }, 'told before that the run is over')
})

t.test('without a cursor', async (t) => {
  const judged = (from: From, facts: LogFacts, chosen: EventId | null = null) => judge(from, facts, { hasCursor: false, chosen }, TTL_S)
  const gap = (lost: number | null) => ({ reason: 'expired', requested: null, lost })
  const whole: LogFacts = { ...LOG, first: { id: '50-1', prev: ORIGIN } }

  t.same(judged({ at: 'first' }, whole), { position: ORIGIN, gap: null })
  t.same(judged({ at: 'first' }, LOG), { position: '100-4', gap: gap(4) })
  t.same(judged({ at: 'first' }, STATE), { position: '300-9', gap: gap(9) })
  t.same(judged({ at: 'first' }, none()), { position: ORIGIN, gap: null })

  for (const facts of [LOG, STATE]) t.same(judged({ at: 'end' }, facts), { position: '300-9', gap: null })
  t.same(judged({ at: 'end' }, none()), { position: ORIGIN, gap: null })

  t.same(judged({ at: 'tail', count: 2 }, LOG, '250-7'), { position: '250-7', gap: null })
  t.same(judged({ at: 'tail', count: 5 }, LOG, '100-4'), { position: '100-4', gap: null })
  t.same(judged({ at: 'tail', count: 7 }, LOG, '100-4'), { position: '100-4', gap: gap(2) })
  t.same(judged({ at: 'tail', count: 1_000 }, LOG, '100-4'), { position: '100-4', gap: gap(4) })
  t.same(judged({ at: 'tail', count: 0 }, LOG), { position: '300-9', gap: null })
  t.same(judged({ at: 'tail', count: 3 }, STATE), { position: '300-9', gap: gap(3) })
  t.same(judged({ at: 'tail', count: 3 }, none()), { position: ORIGIN, gap: null })

  t.same(judged({ at: 'since', ms: 201 }, LOG, '200-5'), { position: '200-5', gap: null })
  t.same(judged({ at: 'since', ms: 101 }, LOG, '100-4'), { position: '100-4', gap: null }, 'all of that time is there')
  t.same(judged({ at: 'since', ms: 100 }, LOG, '100-4'), { position: '100-4', gap: gap(null) }, 'some of that time may be trimmed')
  t.same(judged({ at: 'since', ms: 0 }, whole, ORIGIN), { position: ORIGIN, gap: null })
  t.same(judged({ at: 'since', ms: 400 }, LOG), { position: '300-9', gap: null })
  t.same(judged({ at: 'since', ms: 300 }, STATE), { position: '300-9', gap: gap(null) })
  t.same(judged({ at: 'since', ms: 301 }, STATE), { position: '300-9', gap: null })
})

t.test('a cursor is two safe integers without leading zeros', async (t) => {
  for (const good of [ORIGIN, '1764000000000-42', `${Number.MAX_SAFE_INTEGER}-${Number.MAX_SAFE_INTEGER}`]) t.equal(parseCursor(good), good)
  for (const bad of ['', '5', '-1', '1-', '-1-0', '01-1', '1-01', ' 1-1', '1-1\n', '1.0-1', '9e9-1', '１-1', '1-1, 2-2', '9007199254740992-1', '99999999999999999999-0']) {
    t.equal(parseCursor(bad), null, JSON.stringify(bad))
  }
  t.same(splitEventId('12-34'), { ms: 12, seq: 34 })
  t.throws(() => splitEventId('x'), RangeError)
})

function none (): LogFacts {
  return { now: NOW, exists: false, first: null, last: ORIGIN, tenant: '', status: null, terminalId: null, quietSince: 0, counts: null }
}

function nothing (): Lookup {
  return { hasCursor: false, chosen: null }
}
