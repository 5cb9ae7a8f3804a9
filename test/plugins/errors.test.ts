import t from 'tap'
import { EventError } from '../../services/events/event-error.ts'
import { problemOf, refusalOf } from '../../services/problem.ts'
import { RunLogError } from '../../services/run-log/run-log.ts'
import { buildApp } from '../helpers/app.ts'
import { rawBytes, rawRequest } from '../helpers/raw-request.ts'

t.test('every fault has one status and code', async (t) => {
  const runLog = (code: RunLogError['code']) => new RunLogError(code, 'WRONGTYPE at redis.internal:6379')
  t.match(refusalOf(runLog('run_not_found'), false), { status: 404, code: 'run_not_found' })
  t.match(refusalOf(runLog('idempotency_conflict'), false), { status: 422, code: 'idempotency_conflict' })
  t.match(refusalOf(runLog('unavailable'), false), { status: 503, code: 'unavailable', retryAfter: 2 })
  t.match(refusalOf(runLog('storage_full'), false), { status: 503, code: 'storage_full', retryAfter: 5 })
  t.match(refusalOf(runLog('storage_full'), true), { status: 507, code: 'storage_full' })
  t.match(refusalOf(runLog('store_corrupt'), false), { status: 500, code: 'store_corrupt' })
  t.match(refusalOf(runLog('fenced'), false), { status: 500, code: 'internal_error' })
  t.match(refusalOf(new EventError('event_too_large', '/2/payload', 'Too large.'), false), { status: 413, errors: [{ in: 'body', path: '/2/payload' }] })
  t.match(refusalOf(Object.assign(new Error('inside'), { statusCode: 418 }), false), { status: 418, code: 'bad_request' })
  for (const error of [new Error('inside'), Object.assign(new Error('inside'), { statusCode: 502 }), 'inside', null]) {
    t.match(refusalOf(error, false), { status: 500, code: 'internal_error' })
  }
  for (const error of [runLog('unavailable'), runLog('store_corrupt'), new Error('inside')]) {
    t.notMatch(JSON.stringify(problemOf(refusalOf(error, false), 'id')), /WRONGTYPE|redis|inside|stack/)
  }
})

t.test('whatever goes wrong is answered by a problem document', async (t) => {
  const app = await buildApp(t)
  const answers = [
    await rawRequest(app.url, '/nothing?token=secret'),
    await rawRequest(app.url, '/api/v1/nothing', { method: 'POST' }),
    await rawRequest(app.url, '/%zz'),
    await rawRequest(app.url, '/documentation/nothing'),
    await rawRequest(app.url, '/health/live', { method: 'DELETE' }),
    await rawRequest(app.url, '/api/v1/workflow-runs/r')
  ]
  t.same(answers.map(({ status }) => status), [404, 404, 400, 404, 404, 401])
  for (const { status, headers, body } of answers) {
    t.match(headers['content-type'], 'application/problem+json')
    t.match(JSON.parse(body), { type: 'about:blank', status, code: /^[a-z_]+$/, title: /./, detail: /\.$/, request_id: /./ })
    t.notMatch(body, /secret|stack|node_modules/)
  }
})

t.test('what is no HTTP is answered by a problem document, and the connection ends', async (t) => {
  const app = await buildApp(t)
  const cases: [string, number][] = [
    ['nonsense\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n', 400]
  ]
  for (const [bytes, status] of cases) {
    const answer = await rawBytes(app.url, bytes)
    t.match(answer, `HTTP/1.1 ${status} `, JSON.stringify(bytes.slice(0, 60)))
  }
  const answer = await rawBytes(app.url, 'nonsense\r\n\r\n')
  t.match(answer, /content-type: application\/problem\+json\r\n/i)
  t.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)), { status: 400, code: 'bad_request' })
})

t.test('a request keeps the id that its sender gave it, if that is a sane one', async (t) => {
  const app = await buildApp(t)
  const idFor = async (given: string) => (await rawRequest(app.url, '/health/live', { headers: { 'x-request-id': given } })).headers['x-request-id']
  t.equal(await idFor('trace-7.a_b~c'), 'trace-7.a_b~c')
  for (const given of ['', 'a b', 'x'.repeat(129), '-x', '{"a":1}']) t.match(await idFor(given), /^[0-9a-f]{8}-[0-9a-f-]{27}$/)
})

t.test('a request has 15 s for its head and 30 s for the rest, and idle connections are kept longer than by gateways', async (t) => {
  const { app } = await buildApp(t)
  t.match(app.server, { headersTimeout: 15_000, requestTimeout: 30_000, keepAliveTimeout: 75_000 })
})
