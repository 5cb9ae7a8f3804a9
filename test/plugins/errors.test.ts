import t from 'tap'
import { EventTooLargeError } from '../../services/events/errors.ts'
import { problemOf, retryAfterOf } from '../../services/problems/problem.ts'
import { DataDirectoryInUseError, DiskFullError, RedisFullError, StoreCorruptError, UnavailableError } from '../../services/problems/storage-errors.ts'
import { IdempotencyConflictError, IngestFencedError, RunNotFoundError } from '../../services/run-log/errors.ts'
import { rawBytes, rawRequest } from '../helpers/http/raw-request.ts'
import { buildApp } from '../helpers/service/app.ts'

t.test('every fault has one status and code', async (t) => {
  const cause = 'WRONGTYPE at redis.internal:6379'
  const rows: Array<[error: unknown, status: number, code: string, retryAfter: number | null]> = [
    [new RunNotFoundError(), 404, 'run_not_found', null],
    [new IdempotencyConflictError(), 422, 'idempotency_conflict', null],
    [new UnavailableError(cause), 503, 'unavailable', 2],
    [new RedisFullError(cause), 503, 'storage_full', 5],
    [new DiskFullError(cause), 507, 'storage_full', 5],
    [new StoreCorruptError(cause, { cause: new Error(cause) }), 500, 'store_corrupt', null],
    [new IngestFencedError(), 500, 'internal_error', null],
    [new DataDirectoryInUseError('/srv/inside', 7), 500, 'internal_error', null],
    [new EventTooLargeError(1_024), 413, 'event_too_large', null],
    [Object.assign(new Error('inside'), { statusCode: 418 }), 418, 'bad_request', null],
    [Object.assign(new Error('inside'), { statusCode: 404, code: 'ENAMETOOLONG' }), 404, 'not_found', null],
    [Object.assign(new Error('inside'), { statusCode: 502 }), 500, 'internal_error', null],
    [new Error('inside'), 500, 'internal_error', null],
    ['inside', 500, 'internal_error', null],
    [null, 500, 'internal_error', null]
  ]
  for (const [error, status, code, retryAfter] of rows) {
    const problem = problemOf(error, 'id')
    t.match(problem, { type: 'about:blank', title: /./, status, code, detail: /\.$/, request_id: 'id' })
    t.equal(retryAfterOf(error), retryAfter, code)
    t.notMatch(JSON.stringify(problem), /WRONGTYPE|redis\.|inside|stack/)
  }
  const detail = 'A payload may have at most 1024 bytes.'
  t.match(problemOf(new EventTooLargeError(1_024).at('body', '/2/payload'), 'id'), { detail, errors: [{ in: 'body', path: '/2/payload', detail }] })
})

t.test('every error is answered by a problem document', async (t) => {
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

t.test('bytes that are not HTTP are answered by a problem document, and the connection ends', async (t) => {
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
