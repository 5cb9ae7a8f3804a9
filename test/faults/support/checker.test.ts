import t, { type Test } from 'tap'
import { check } from './checker.ts'
import type { Allowances, Evidence, Known, Seen } from './evidence.ts'

const known = (n: number, ms = 1_000): Known => ({ id: `${ms}-${n}`, name: `p/${n}` })
const saw = (n: number, ms?: number): Seen => ({ kind: 'event', ...known(n, ms) })
const connect = (cursor: string | null): Seen => ({ kind: 'connect', cursor })
const open = (position: string): Seen => ({ kind: 'open', mode: 'any', position })
const gap = (reason: string, requested: string | null, resumedAfter: string, lost: number | null): Seen => ({ kind: 'gap', reason, requested, resumedAfter, lost })
const end = (lastEventId: string): Seen => ({ kind: 'end', lastEventId })
const FRESH = [connect(null), open('0-0')]

/** A log with the events first to last, all of them acknowledged, and one reader. */
function evidence ([first, last]: readonly [number, number], seen: readonly Seen[], changes: Partial<Evidence> = {}): Evidence {
  const events = Array.from({ length: last - first + 1 }, (_, index) => known(first + index))
  const start = first === 1 ? '0-0' : `1000-${first - 1}`
  return { acknowledged: events, log: { events, start, last: `1000-${last}` }, readings: [{ reader: 'r', seen }], ...changes }
}

function catches (t: Test, what: Evidence, fault: RegExp, allowances?: Allowances): void {
  const faults = check(what, allowances)
  t.ok(faults.some((found) => fault.test(found)), `${fault}: ${faults.join('; ') || 'nothing'}`)
}

t.test('what is right', async (t) => {
  t.same(check(evidence([1, 3], [...FRESH, saw(1), saw(2), saw(3), end('1000-3')])), [], 'everything on one connection')
  t.same(check(evidence([1, 3], [connect(null), ...FRESH, saw(1), connect('1000-1'), open('1000-1'), saw(2), saw(3)])), [], 'and across reconnects')
  t.same(check(evidence([5, 6], [connect(null), open('1000-4'), gap('expired', null, '1000-4', 4), saw(5), saw(6)])), [], 'a trimmed front, counted')
  t.same(check(evidence([5, 6], [...FRESH, saw(1), gap('expired', '1000-1', '1000-4', 3), saw(5), saw(6)])), [], 'trimmed while it read')
  t.same(check(evidence([1, 3], [...FRESH, saw(1), saw(2, 1_001), gap('forked', '1001-2', '1000-1', null), saw(2), saw(3)])), [], 'void after a common event')
  t.same(check(evidence([1, 2], [...FRESH, saw(1, 900), saw(2, 900), gap('forked', '900-2', '0-0', null), saw(1), saw(2)])), [], 'all of it void')
})

t.test('a loss is caught', async (t) => {
  catches(t, evidence([1, 3], [...FRESH, saw(1), saw(3)]), /1000-3 p\/3 came after 1000-1/)
  catches(t, evidence([1, 3], [...FRESH, saw(1), saw(2)]), /stands at 1000-2, but the log at 1000-3/)
  catches(t, evidence([1, 3], [...FRESH, saw(1), connect('1000-1'), open('1000-1'), saw(3)]), /1000-3 p\/3 came after 1000-1/)
  catches(t, evidence([3, 4], [connect(null), open('1000-2'), saw(3), saw(4)]), /1000-3 p\/3 came after 0-0/)
  const whole = [...FRESH, saw(1), saw(2)]
  catches(t, evidence([1, 2], whole, { acknowledged: [known(1), known(2), known(3)] }), /1000-3 p\/3 is not in the log/)
  catches(t, evidence([1, 2], whole, { log: { events: [known(1), known(3)], start: '0-0', last: '1000-3' } }), /log: 1000-3 comes after 1000-1/)
  catches(t, evidence([1, 2], whole, { log: { events: [known(1), known(2)], start: '0-0', last: '1000-3' } }), /log: it ends with 1000-2/)
})

t.test('a duplicate is caught', async (t) => {
  catches(t, evidence([1, 2], [...FRESH, saw(1), saw(1), saw(2)]), /1000-1 p\/1 came after 1000-1/)
  catches(t, evidence([1, 2], [...FRESH, saw(1), saw(2), connect('1000-2'), open('1000-2'), saw(2)]), /1000-2 p\/2 came after 1000-2/)
  const twice = [known(1), known(2), { id: '1000-3', name: 'p/2' }]
  catches(t, evidence([1, 2], [...FRESH], { log: { events: twice, start: '0-0', last: '1000-3' } }), /log: p\/2 comes after p\/2/)
})

t.test('a swap is caught', async (t) => {
  catches(t, evidence([1, 3], [...FRESH, saw(1), saw(3), saw(2)]), /1000-2 p\/2 came after 1000-3/)
  catches(t, evidence([1, 2], [...FRESH, saw(1), saw(2, 900)]), /900-2 p\/2 came after 1000-1/)
  const swapped = [{ id: '1000-1', name: 'p/2' }, { id: '1000-2', name: 'p/1' }]
  catches(t, evidence([1, 2], [], { acknowledged: [], log: { events: swapped, start: '0-0', last: '1000-2' } }), /log: p\/1 comes after p\/2/)
})

t.test('a gap that is wrong is caught', async (t) => {
  const trimmed = (requested: string | null, resumedAfter: string, lost: number | null) =>
    evidence([5, 6], [...FRESH, saw(1), gap('expired', requested, resumedAfter, lost), saw(5), saw(6)])
  catches(t, trimmed('1000-1', '1000-4', 2), /counts 2 .* where 3 are missing/)
  catches(t, trimmed('1000-1', '1000-4', null), /counts null .* where 3 are missing/)
  catches(t, trimmed('1000-2', '1000-4', 3), /names 1000-2 as what was asked for, not 1000-1/)
  catches(t, trimmed('1000-1', '1000-5', 4), /covers 1 events that the log still has/)
  catches(t, evidence([1, 2], [...FRESH, saw(1, 900), gap('forked', '900-1', '0-0', 1), saw(1), saw(2)]), /of reason forked counts 1/)
  catches(t, evidence([1, 2], [...FRESH, saw(1), connect('0-0'), saw(2)]), /asked with 0-0, but has 1000-1/)
  catches(t, evidence([1, 2], [...FRESH, saw(1), connect('1000-1'), open('1000-2')]), /opened at 1000-2, but has 1000-1/)
  catches(t, evidence([1, 2], [...FRESH, saw(1), end('1000-2')]), /told of the end at 1000-2, but has 1000-1/)
})

t.test('another history is caught where it was not announced, whatever Redis may lose', async (t) => {
  const silently = [...FRESH, saw(1), saw(2, 1_001), { kind: 'event', id: '1002-3', name: 'p/3' } as const]
  const log = { events: [known(1), known(2, 1_002), known(3, 1_002)], start: '0-0', last: '1002-3' }
  const acknowledged = [known(1), known(2, 1_001), known(2, 1_002), known(3, 1_002)]
  catches(t, evidence([1, 1], silently, { log, acknowledged }), /1001-2 p\/2 is not in the log/)
  catches(t, evidence([1, 1], silently, { log, acknowledged }), /holds 1001-2 p\/2, which is not of the log/, { redisMayLose: true })
  const told = [...FRESH, saw(1), saw(2, 1_001), gap('forked', '1001-2', '1000-1', null), saw(2, 1_002), saw(3, 1_002)]
  t.same(check(evidence([1, 1], told, { log, acknowledged }), { redisMayLose: true }), [])
})

t.test('an id that names two events is caught, even where one of them is void', async (t) => {
  const other: Seen = { kind: 'event', id: '1000-1', name: 'p/9' }
  catches(t, evidence([1, 1], [...FRESH, other, gap('forked', '1000-1', '0-0', null), saw(1)]), /1000-1 names both/)
  catches(t, evidence([1, 1], [...FRESH, saw(1)], { acknowledged: [known(1), { id: '1000-1', name: 'q/1' }] }), /1000-1 names both/)
})
