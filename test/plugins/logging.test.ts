import t from 'tap'
import { loggerOptions, serializers } from '../../services/logging/logger-options.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'

t.test('a request leaves one line, and no line holds a secret', async (t) => {
  const app = await buildApp(t)
  const token = tokenFor()
  const secrets = [token, 'cookie-secret', 'query-secret', 'idem-secret', 'body-secret']
  const headers = { authorization: `Bearer ${token}`, cookie: 'runcast_1=cookie-secret', 'idempotency-key': 'idem-secret', 'content-type': 'application/json', 'x-request-id': 'the-request' }
  await app.call('/api/v1/workflow-runs/r/events', { method: 'POST', headers, body: '{"payload":"body-secret"}' })
  await app.call('/api/v1/workflow-runs/r/events?x=query-secret', { method: 'POST', headers, body: '{"payload":"body-secret"}' })
  await app.call('/api/v1/workflow-runs/r/events?ticket=query-secret', { method: 'POST', headers, body: '{"body-secret":1}' })
  await app.call('/api/v1/workflow-runs/r/events?access_token=query-secret', { headers })
  await app.call('/api/v1/workflow-runs/r/events?after=query-secret', { headers })
  await app.call('/query-secret?access_token=query-secret', { headers: { ...headers, authorization: 'Bearer not.a.token' } })
  await app.call('/api/v1/workflow-runs', { headers: { authorization: `Bearer ${token}x` } })
  await app.close()

  const lines = app.log().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  const answered = lines.filter(({ msg }) => msg === 'request answered')
  t.equal(answered.length, 7)
  t.match(answered[0], { level: 30, request_id: 'the-request', req: { method: 'POST', path: '/api/v1/workflow-runs/r/events' }, status: 201, duration_ms: Number })
  const text = app.log().replaceAll('"path":"/query-secret"', '')
  for (const secret of secrets) t.notMatch(text, secret)
})

t.test('an error is logged by its sentence and place, not by what hangs on it', async (t) => {
  const error = Object.assign(new Error('refused', { cause: new Error('deeper') }), { code: 'E', command: { name: 'auth', args: ['secret'] } })
  const logged = serializers.err(error)
  t.match(logged, { type: 'Error', message: 'refused', code: 'E', stack: /refused/, cause: { message: 'deeper' } })
  t.notMatch(JSON.stringify(logged), 'secret')
  t.match(serializers.err('secret'), { type: 'string' })
  t.notMatch(JSON.stringify(serializers.err('secret')), 'secret')
})

t.test('lines are JSON, and readable on a terminal', async (t) => {
  t.notOk('transport' in loggerOptions('info', false))
  t.match(loggerOptions('warn', true), { level: 'warn', transport: { target: 'pino-pretty' } })
})
