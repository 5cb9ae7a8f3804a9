import t from 'tap'
import { NOTHING_KNOWN, olderThanKnown, withPage, withSnapshot, withUpdates, type KnownRuns } from '../../../ui/src/monitor/known-runs.ts'
import { aRun } from '../../helpers/pages/ui-runs.ts'

/** A run that was created and last changed at these minutes of one hour. */
function run (id: string, created: number, updated = created, status = 'running') {
  const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`
  return aRun({ run_id: id, status, created_at: at(created), updated_at: at(updated) })
}

function ids (known: KnownRuns): string[] {
  return known.runs.map(({ run_id: id }) => id)
}

t.test('runs are kept in the order of their creation, however often they change', async (t) => {
  let known = withSnapshot(NOTHING_KNOWN, { runs: [run('old', 1, 9), run('new', 5), run('mid', 3)], cursor: null })
  t.same(ids(known), ['new', 'mid', 'old'])
  known = withUpdates(known, [run('mid', 3, 20), run('newest', 21)])
  t.same(ids(known), ['newest', 'new', 'mid', 'old'])
  t.same(ids(withUpdates(known, [run('newest-b', 21)])), ['newest-b', 'newest', 'new', 'mid', 'old'], 'their ids decide between two of one time')
})

t.test('of several states of a run the last one told stays', async (t) => {
  const known = withUpdates(withSnapshot(NOTHING_KNOWN, { runs: [run('a', 1)], cursor: null }), [run('a', 1, 2), run('a', 1, 3, 'failed')])
  t.equal(known.runs[0]?.status, 'failed')
})

t.test('a page of older runs does not replace newer states', async (t) => {
  const known = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 1, 9, 'failed')], cursor: '9-a' })
  const more = withPage(known, '', { runs: [run('a', 1, 1, 'running'), run('b', 0)], cursor: null })
  t.same(ids(more), ['a', 'b'])
  t.equal(more.runs[0]?.status, 'failed')
})

t.test('a snapshot that reaches back to known runs is merged, and the pages go on where they were', async (t) => {
  let known = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 10)], cursor: '10-a' })
  known = withPage(known, '', { runs: [run('b', 5)], cursor: '5-b' })
  const again = withSnapshot(known, { runs: [run('c', 12), run('a', 10, 11), run('b', 5, 8)], cursor: '8-b' })
  t.same(ids(again), ['c', 'a', 'b'])
  t.equal(olderThanKnown(again, ''), '5-b')
})

t.test('a snapshot with a hole before it replaces the known runs', async (t) => {
  const known = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 10), run('b', 5)], cursor: '5-b' })
  const again = withSnapshot(known, { runs: [run('d', 30), run('c', 20)], cursor: '20-c' })
  t.same(ids(again), ['d', 'c'])
  t.equal(olderThanKnown(again, ''), '20-c')
})

t.test('a snapshot that only just meets the known runs counts as one with a hole, since the list may lag', async (t) => {
  const known = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 10)], cursor: '10-a' })
  t.same(ids(withSnapshot(known, { runs: [run('c', 20), run('a', 10)], cursor: '10-a' })), ['c', 'a'])
})

t.test('a snapshot drops runs that it would have if they were still there', async (t) => {
  const known = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 10), run('lost', 9), run('b', 5)], cursor: '5-b' })
  t.same(ids(withSnapshot(known, { runs: [run('c', 12), run('a', 10), run('d', 7)], cursor: '7-d' })), ['c', 'a', 'd', 'b'])
})

t.test('a snapshot of all runs drops those that have expired', async (t) => {
  const known = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 10), run('b', 5)], cursor: null })
  t.same(ids(withSnapshot(known, { runs: [run('a', 10)], cursor: null })), ['a'])
})

t.test('the oldest of very many runs are forgotten', async (t) => {
  const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n).toISOString()
  const many = Array.from({ length: 20_000 }, (_, n) => aRun({ run_id: `r${n}`, created_at: at(n), updated_at: at(n) }))
  const known = withSnapshot(NOTHING_KNOWN, { runs: many, cursor: null })
  t.equal(withUpdates(known, many.slice(0, 1)).runs.length, 20_000)
  const after = withUpdates(known, [aRun({ run_id: 'one-more', created_at: at(20_000) })])
  t.equal(after.runs.length, 20_000)
  t.equal(after.runs[0]?.run_id, 'one-more')
  t.equal(after.runs.at(-1)?.run_id, 'r1')
  t.equal(olderThanKnown(after, ''), undefined, 'those that are known are not all')
})

t.test('older runs are asked for by status, and not at all when all are known', async (t) => {
  const some = withSnapshot(NOTHING_KNOWN, { runs: [run('a', 10)], cursor: '10-a' })
  t.equal(olderThanKnown(some, ''), '10-a')
  t.equal(olderThanKnown(some, 'failed'), undefined, 'the first page of a status')
  const page = withPage(some, 'failed', { runs: [run('f', 2, 2, 'failed')], cursor: null })
  t.equal(olderThanKnown(page, 'failed'), null)
  t.equal(olderThanKnown(page, ''), '10-a')
  const all = withPage(page, '', { runs: [], cursor: null })
  t.equal(olderThanKnown(all, 'running'), null)
})
