import { isLog, isResultPreview, isStatusChange, type RunEvent } from '@runcast/client'
import { test } from 'tap'

test('payloads of the known types are recognised by what they hold', (t) => {
  const event = (type: string, data: unknown): RunEvent => ({ kind: 'event', id: '1-1', type, data, raw: JSON.stringify(data) })
  t.ok(isLog(event('log', { message: 'a' })))
  for (const data of [null, 'a', {}, { message: 1 }, []]) t.notOk(isLog(event('log', data)))
  t.notOk(isLog(event('other', { message: 'a' })))
  t.ok(isStatusChange(event('status_change', { status: 'running' })))
  t.notOk(isStatusChange(event('status_change', { state: 'running' })))
  t.ok(isResultPreview(event('result_preview', { content: null })))
  t.notOk(isResultPreview(event('result_preview', {})))
  t.end()
})
