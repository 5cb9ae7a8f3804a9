import t from 'tap'
import { insertedBefore } from '../../../ui/src/monitor/inserted-before.ts'
import { lastLine } from '../../../ui/src/monitor/last-line.ts'
import { orderStatuses } from '../../../ui/src/monitor/status-order.ts'
import { aRun } from '../../helpers/pages/ui-runs.ts'

const list = (...ids: string[]) => ids.map((id) => aRun({ run_id: id }))

t.test('the last line of a log message that is not empty is shown, without escapes', async (t) => {
  t.equal(lastLine('\u001b[32m✓\u001b[39m 412 tests passed\n'), '✓ 412 tests passed')
  t.equal(lastLine('one\n  two  \n\n'), 'two')
  t.equal(lastLine('\u001b]8;;https://evil.test\u0007link\u001b]8;;\u0007'), 'link')
  t.equal(lastLine('10 %\r20 %\r30 %'), '30 %')
  t.equal(lastLine(''), '')
  t.equal(lastLine(null), '')
})

t.test('new runs move a run by their number', async (t) => {
  t.equal(insertedBefore(list('c', 'b', 'a'), list('e', 'd', 'c', 'b', 'a'), 'b'), 2)
  t.equal(insertedBefore(list('c', 'b', 'a'), list('b', 'a'), 'b'), -1)
  t.equal(insertedBefore(list('c', 'b'), list('c'), 'b'), 0)
  t.equal(insertedBefore([], list('c'), ''), 0)
})

t.test('statuses are offered by urgency, the common ones always', async (t) => {
  t.same(orderStatuses([]), ['running', 'failed', 'succeeded'])
  t.same(orderStatuses(['none', 'cancelled', 'queued', 'compiling', 'running', 'timed_out', 'cancelled']),
    ['running', 'compiling', 'queued', 'failed', 'timed_out', 'succeeded', 'cancelled', 'none'])
})
