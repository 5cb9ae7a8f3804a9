import t from 'tap'
import { countStatuses, readFilter, textFilter, writeFilter } from '../../../ui/src/monitor/run-filter.ts'
import { aRun } from '../../helpers/pages/ui-runs.ts'

t.test('the filter is read from the address and written back', async (t) => {
  for (const [query, filter] of [
    ['', { status: null, text: '' }],
    ['status=failed', { status: 'failed', text: '' }],
    ['status=FAILED&q=nightly+build', { status: 'failed', text: 'nightly build' }],
    ['status=timed_out', { status: 'failed', text: '' }],
    ['status=Paused', { status: 'paused', text: '' }],
    ['status=&q=', { status: null, text: '' }]
  ] as const) t.same(readFilter(new URLSearchParams(query)), filter)
  t.equal(writeFilter(new URLSearchParams('other=1&q=old'), { status: 'failed', text: 'a b' }).toString(), 'other=1&q=a+b&status=failed')
  t.equal(writeFilter(new URLSearchParams('status=failed&q=old'), { status: null, text: '' }).toString(), '')
})

t.test('a run matches when every word occurs in its id, name, status or last log line', async (t) => {
  const run = aRun({ run_id: 'build-4711', name: 'Nightly Build', status: 'failed', last_log: 'make: *** Error 1' })
  for (const text of ['', '  ', '4711', 'nightly', 'NIGHTLY  error', 'failed build-', '***']) t.ok(textFilter(text)(run), JSON.stringify(text))
  for (const text of ['nightly success', '47111', 'buildmake']) t.notOk(textFilter(text)(run), JSON.stringify(text))
})

t.test('a run without name, status and log is found by its id', async (t) => {
  t.ok(textFilter('bare')(aRun({ run_id: 'bare-1', name: null, status: null, last_log: null })))
})

t.test('runs are counted by outcome or else by status, those without one too', async (t) => {
  const running = ['running', 'running', null].map((status, index) => aRun({ run_id: `r${index}`, status }))
  const failed = ['failed', 'crashed'].map((status) => aRun({ run_id: status, status, outcome: 'failed', terminal: true }))
  t.same([...countStatuses([...running, ...failed])], [['running', 2], ['none', 1], ['failed', 2]])
})
