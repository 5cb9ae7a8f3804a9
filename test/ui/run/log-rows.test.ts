import t from 'tap'
import { gapText, rowsOf } from '../../../ui/src/run/model/log-rows.ts'

const row = (type: string, data: unknown, raw?: string) => rowsOf({ id: '1764000000000-42', type, data, ...(raw === undefined ? {} : { raw }) })

t.test('a log event makes a row for each of its lines', async (t) => {
  t.match(row('log', { message: 'one\ntwo', level: 'WARN', step: 'build', stream: 'stderr' }), [
    { kind: 'line', id: '1764000000000-42', part: 0, text: 'one', level: 'warning', step: 'build', stream: 'stderr', at: 1764000000000 },
    { kind: 'line', part: 1, text: 'two' }
  ])
})

t.test('a row has the time that its publisher gives, and keeps when it was stored', async (t) => {
  t.match(row('log', { message: 'x', time: '2025-11-24T15:59:59.500Z' }), [{ at: 1763999999500, storedAt: 1764000000000 }])
  t.match(row('log', { message: 'x', time: 'yesterday' }), [{ at: 1764000000000 }])
})

t.test('log events of any other shape are shown as they are', async (t) => {
  t.match(row('log', 'plain'), [{ text: 'plain' }])
  t.match(row('log', { msg: 'x' }), [{ text: '{"msg":"x"}' }])
  t.match(row('log', null), [{ text: 'null' }])
  t.match(row('log', { message: 5, step: 3, level: 7 }), [{ text: '{"message":5,"step":3,"level":7}', step: '3', level: 'info' }])
  t.match(row('log', { n: 1152921504606846976 }, '{"n":1152921504606846977}'), [{ text: '{"n":1152921504606846977}' }])
})

t.test('changes of status are said in words, and failures are errors', async (t) => {
  t.match(row('status_change', { status: 'Running' }), [{ kind: 'status', status: 'running', text: 'Run: running', level: 'info', step: null }])
  t.match(row('status_change', { status: 'failed', step: 'build/link', name: 'Link', reason: 'exit code 2' }), [{ text: 'Link: failed (exit code 2)', level: 'error', step: 'build/link' }])
  t.match(row('status_change', { status: 'failed', error: { message: 'no\u001b[31m space\nleft' } }), [{ text: 'Run: failed (no space left)' }])
  t.match(row('status_change', { state: 'x' }), [{ kind: 'event', type: 'status_change' }])
})

t.test('results and events of other types get a row', async (t) => {
  t.match(row('result_preview', { content: 1, media_type: 'text/markdown', final: true }), [{ kind: 'result', type: 'text/markdown', text: 'Final result' }])
  t.match(row('deploy.started', { host: 'a\u001b[2J' }, '{"host":"a\\u001b[2J"}'), [{ kind: 'event', type: 'deploy.started', text: '{"host":"a\\u001b[2J"}' }])
})

t.test('messages that were refused are said in words', async (t) => {
  const refused = (reason: string, field: string | null, count: number) => row('publish_refused', { reason, field, bytes: 9, count })
  t.match(refused('invalid_event', 'payload', 3), [{ kind: 'event', type: 'publish_refused', level: 'warning', text: '3 messages refused: payload missing' }])
  t.match(refused('event_too_large', 'payload', 1), [{ text: '1 message refused: payload too large' }])
  t.match(refused('invalid_event', 'event_type', 1), [{ text: '1 message refused: event_type not usable' }])
  t.match(refused('invalid_json', null, 1_200), [{ text: '1,200 messages refused: not valid JSON' }])
  t.match(refused('some_day', null, 1), [{ text: '1 message refused: some_day' }])
})

t.test('a line that is too long to be laid out is cut, and says so', async (t) => {
  const [long] = row('log', { message: `\u001b[31m${'x'.repeat(6_234)}` })
  t.match(long?.text, / … 1,234 more characters$/)
  t.equal(long?.kind === 'line' && long.spans, null)
})

t.test('a gap says how many events are missing', async (t) => {
  t.equal(gapText(1), '1 event is missing here')
  t.equal(gapText(1204), '1,204 events are missing here')
  t.equal(gapText(null), 'An unknown number of events is missing here')
})
