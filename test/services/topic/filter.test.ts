import { levelRank } from '@runcast/protocol'
import t from 'tap'
import { createFilter, EVERYTHING, passes } from '../../../services/topic/filter.ts'

const event = (type: string, payload: unknown) => ({ id: '1-1', prev: '0-0', type, data: JSON.stringify(payload) })

t.test('unwanted types do not pass', async (t) => {
  const filter = createFilter(['status_change', 'log'], null)
  t.ok(passes(filter, event('log', {})))
  t.notOk(passes(filter, event('result_preview', {})))
})

t.test('log events below the level do not pass; those without a level and other types do', async (t) => {
  const filter = createFilter(null, levelRank('warn'))
  t.notOk(passes(filter, event('log', { level: 'info' })))
  t.ok(passes(filter, event('log', { level: 'WARN' })))
  t.ok(passes(filter, event('log', { level: 'critical' })))
  t.ok(passes(filter, event('log', { message: 'no level' })))
  t.ok(passes(filter, event('log', { level: 'notice' })), 'an unknown level')
  t.ok(passes(filter, event('log', { level: 7 })))
  t.ok(passes(filter, event('log', 'text')))
  t.ok(passes(filter, event('metric', { level: 'trace' })))
})

t.test('equal filters share one key', async (t) => {
  t.equal(createFilter(['b', 'a', 'a'], 2).key, createFilter(['a', 'b'], 2).key)
  t.not(createFilter(['a'], null).key, createFilter(['a'], 0).key)
  t.equal(createFilter(null, null), EVERYTHING)
})
