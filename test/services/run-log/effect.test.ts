import t from 'tap'
import { effectOf } from '../../../services/run-log/effect.ts'
import type { TerminalStatuses } from '../../../services/run-log/terminal-statuses.ts'

const terminal: TerminalStatuses = new Map([['succeeded', 'succeeded'], ['failed', 'failed']])
const status = (payload: unknown) => effectOf('status_change', payload, terminal)

t.test('a status_change sets the status of the run, in lower case', async (t) => {
  t.same(status({ status: 'Queued' }), { status: 'queued', started: false })
  t.same(status({ status: 'RUNNING', name: 'Nightly' }), { status: 'running', started: true, name: 'Nightly' })
  t.same(status({ status: 'failed', error: { code: 7 }, retry_of: 'run-1' }), { status: 'failed', outcome: 'failed', started: true, error: '{"code":7}', retryOf: 'run-1' })
})

t.test('a status_change names the workflow that the run executes, by name and version', async (t) => {
  t.match(status({ status: 'pending', workflow: 'hello', workflow_version: '1.0.0' }), { workflow: '{"name":"hello","version":"1.0.0"}' })
  for (const payload of [{ workflow: 'hello' }, { workflow_version: '1' }, { workflow: 1, workflow_version: '1' }, { workflow: 'hello', workflow_version: '1', step: 's' }]) {
    t.notOk('workflow' in (status({ status: 'pending', ...payload }) ?? {}))
  }
})

t.test('a status_change with a step speaks of the step alone', async (t) => {
  t.same(status({ status: 'Failed', step: 'compile', name: 'Compile it', error: 'no' }), { step: { step: 'compile', status: 'failed', outcome: 'failed', name: 'Compile it' } })
  t.same(status({ status: 'running', step: 3 }), { step: { step: '3', status: 'running' } })
  t.equal(status({ status: 'failed', step: { id: 1 } }), null)
  t.equal(status({ status: 'failed', step: 'x'.repeat(201) }), null)
  t.match(status({ status: 'failed', step: null }), { status: 'failed' })
  t.match(status({ status: 'failed', step: '' }), { status: 'failed' })
})

t.test('a log event gives the last line, cut between characters', async (t) => {
  t.same(effectOf('log', { message: 'hello', level: 'info' }, terminal), { log: 'hello' })
  t.equal(effectOf('log', { message: 'x'.repeat(600) }, terminal)?.log?.length, 500)
  t.equal(effectOf('log', { message: 'x'.repeat(499) + '🙂🙂' }, terminal)?.log, 'x'.repeat(499))
})

t.test('a long error keeps its beginning', async (t) => {
  const kept = status({ status: 'failed', error: { message: 'm'.repeat(10_000), stack: 's' } })?.error ?? ''
  t.same(JSON.parse(kept), { message: 'm'.repeat(4_000), truncated: true })
  t.equal(JSON.parse(status({ status: 'failed', error: 'e'.repeat(10_000) })?.error ?? '').message.length, 4_000)
  t.equal(status({ status: 'failed', error: null })?.error, undefined)
})

t.test('payloads of another shape, and other types, change nothing', async (t) => {
  for (const payload of [null, 1, 'running', [], {}, { status: 7 }, { status: '' }, { status: 'x'.repeat(65) }, { status: ['running'] }]) {
    t.equal(status(payload), null)
  }
  for (const payload of [null, 'text', {}, { message: 7 }, { message: '' }]) t.equal(effectOf('log', payload, terminal), null)
  t.equal(effectOf('result_preview', { status: 'failed', message: 'x' }, terminal), null)
  t.equal(effectOf('status_change', JSON.parse('{"__proto__":{"status":"failed"}}'), terminal), null)
})
