import { RuncastError, type Retry } from '@runcast/client'
import { test } from 'tap'
import { problem, startStandIn } from './support/stand-in-service.ts'
import { numbers, payloads, publisherOf } from './support/test-publisher.ts'
import { waitUntil } from './support/wait-until.ts'

const refusalCode = (error: unknown) => error instanceof RuncastError ? error.code : String(error)

test('log, status and result are published with their payloads, and resolve with the id', async (t) => {
  const service = await startStandIn(t)
  const run = publisherOf(t, service).run('run-1')
  const ids = await Promise.all([
    run.status('running', { name: 'build' }),
    run.log('hello'),
    run.log({ level: 'error', message: 'no', step: 'lint' }),
    run.result({ answer: 42 }, { final: true })
  ])
  t.same(ids, service.events('run-1').map((event) => event.id))
  t.same(service.events('run-1').map((event) => [event.type, JSON.parse(event.data)]), [
    ['status_change', { status: 'running', name: 'build' }],
    ['log', { level: 'info', message: 'hello' }],
    ['log', { level: 'error', message: 'no', step: 'lint' }],
    ['result_preview', { content: { answer: 42 }, final: true }]
  ])
  t.equal(service.requests[0]?.headers.authorization, 'Bearer secret')
})

test('events of one moment share a request, and none has more than the batch allows', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { batchDelayMs: 60_000, batchMaxEvents: 100 })
  for (const payload of numbers(250)) publisher.run('run-1').publish({ payload })
  await publisher.flush()
  t.same(payloads(service, 'run-1'), numbers(250))
  t.same(service.requests.map((request) => JSON.parse(request.body).length), [100, 100, 50])
})

test('a request stays below a mebibyte unless one event alone is larger', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { batchDelayMs: 60_000 })
  for (const size of [300_000, 300_000, 600_000, 1_200_000, 10]) publisher.run('run-1').log('x'.repeat(size))
  await publisher.flush()
  t.same(service.requests.map((request) => JSON.parse(request.body).length), [2, 1, 1, 1])
})

test('one call of many events resolves with all their ids in order', async (t) => {
  const service = await startStandIn(t)
  const run = publisherOf(t, service).run('run-1')
  const ids = await run.publish(numbers(230).map((payload) => ({ payload })))
  t.same(ids, service.events('run-1').map((event) => event.id))
  t.same(await run.publish([]), [])
})

test('runs do not wait for each other, and each stays in order', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service)
  let release = () => {}
  service.next.publish.push((response) => { release = () => response.writeHead(503).end() })
  const stuck = publisher.run('stuck').publish({ payload: 0 })
  await waitUntil('the first request is there', () => service.requests.length === 1)
  const later = publisher.run('stuck').publish({ payload: 1 })
  await publisher.run('free').publish({ payload: 'free' })
  t.equal(service.events('stuck').length, 0)
  release()
  await Promise.all([stuck, later])
  t.same(payloads(service, 'stuck'), [0, 1])
})

test('a batch is repeated under one Idempotency-Key after every transient answer, and is stored once', async (t) => {
  const service = await startStandIn(t)
  const retries: Retry[] = []
  const recovered: string[] = []
  const run = publisherOf(t, service, { onRetry: (retry) => retries.push(retry), onRecovered: (runId) => recovered.push(runId) }).run('run-1')
  for (const status of [408, 425, 429, 500, 502, 503, 507]) service.next.publish.push(problem(status, 'later'))
  service.next.publish.push((response) => response.socket?.resetAndDestroy())
  await run.publish({ payload: 1 })
  await run.publish({ payload: 2 })
  const keys = service.requests.map((request) => request.headers['idempotency-key'])
  t.equal(keys.length, 10)
  t.equal(new Set(keys.slice(0, 9)).size, 1)
  t.not(keys[8], keys[9])
  t.same(payloads(service, 'run-1'), [1, 2])
  t.same(retries.map((retry) => retry.attempt), numbers(8))
  t.same(retries.map((retry) => retry.error.status), [408, 425, 429, 500, 502, 503, 507, 0])
  t.same(recovered, ['run-1'])
})

test('a batch whose answer was lost is not stored twice', async (t) => {
  const service = await startStandIn(t)
  const run = publisherOf(t, service).run('run-1')
  service.next.publish.push(service.loseAnswer, service.loseAnswer)
  await run.publish({ payload: 1 })
  t.equal(service.requests.length, 3)
  t.same(payloads(service, 'run-1'), [1])
})

test('a service that is away for a while gets everything, in order, when it is back', async (t) => {
  const service = await startStandIn(t)
  let retries = 0
  const run = publisherOf(t, service, { onRetry: () => { retries += 1 } }).run('run-1')
  await run.publish({ payload: 1 })
  await service.stop()
  const rest = Promise.all(numbers(300, 2).map((payload) => run.publish({ payload })))
  await waitUntil('some attempts have failed', () => retries >= 3)
  await service.start()
  await rest
  t.same(payloads(service, 'run-1'), numbers(301))
})

test('a request that is not answered in time is repeated', async (t) => {
  const service = await startStandIn(t)
  const codes: string[] = []
  const run = publisherOf(t, service, { requestTimeoutMs: 50, onRetry: ({ error }) => codes.push(error.code) }).run('run-1')
  service.next.publish.push(() => {})
  await run.publish({ payload: 1 })
  t.ok(codes.length >= 1 && codes.every((code) => code === 'timeout'), codes.join())
  t.same(payloads(service, 'run-1'), [1])
})

test('Retry-After is honoured', async (t) => {
  const service = await startStandIn(t)
  const delays: number[] = []
  const run = publisherOf(t, service, { onRetry: ({ delayMs }) => delays.push(delayMs) }).run('run-1')
  service.next.publish.push(problem(429, 'slow_down', { 'retry-after': '1' }))
  const startedAt = performance.now()
  await run.publish({ payload: 1 })
  t.same(delays, [1000])
  t.ok(performance.now() - startedAt >= 990)
})

test('a refusal rejects with its status and code, and what follows is published', async (t) => {
  const service = await startStandIn(t)
  const run = publisherOf(t, service).run('run-1')
  service.next.publish.push(problem(403, 'run_not_allowed'))
  await t.rejects(run.log('a'), { name: 'RuncastError', status: 403, code: 'run_not_allowed', message: /refused with run_not_allowed/ })
  await run.log('b')
  t.equal(service.requests.length, 2)
})

test('an event that the service refuses does not take its neighbours with it', async (t) => {
  const service = await startStandIn(t)
  const run = publisherOf(t, service).run('run-1')
  service.next.publish.push(problem(413, 'payload_too_large'))
  service.next.publish.push((response, request) => {
    service.next.publish.unshift(problem(413, 'payload_too_large'))
    t.same(JSON.parse(request.body), [{ payload: 1 }])
    response.writeHead(201).end('{"ids":["1-1"]}')
  })
  const settled = await Promise.allSettled([1, 2, 3].map((payload) => run.publish({ payload })))
  t.same(settled.map((each) => each.status === 'rejected' ? refusalCode(each.reason) : each.value.length), [1, 'payload_too_large', 1])
  t.same(payloads(service, 'run-1'), [3])
})

test('an event that can never be accepted is refused before it is sent', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service)
  const run = publisher.run('run-1')
  for (const type of ['', 'stream_end', 'a b', 'x'.repeat(65), '1st', 'log\n']) await t.rejects(run.publish({ event_type: type, payload: 1 }), { code: 'invalid_event' }, JSON.stringify(type))
  for (const payload of [undefined, () => {}, 1n]) await t.rejects(run.publish({ payload }), { code: 'invalid_event' }, String(payload))
  await t.rejects(run.publish({ payload_json: '{"a":' }), { code: 'invalid_event' })
  for (const runId of ['', '../x', 'a/b', 'x'.repeat(201), ' ']) t.throws(() => publisher.run(runId), { code: 'invalid_run_id' }, JSON.stringify(runId))
  t.equal(service.requests.length, 0)
})

test('a payload given as JSON text is sent as it is', async (t) => {
  const service = await startStandIn(t)
  await publisherOf(t, service).run('run-1').publish({ event_type: 'big', event_id: 'e1', payload_json: '{"n":1152921504606846977}' })
  t.equal(service.requests[0]?.body, '[{"event_type":"big","event_id":"e1","payload":{"n":1152921504606846977}}]')
})

test('a token that is refused is replaced once, and a second refusal is final', async (t) => {
  const service = await startStandIn(t)
  let asked = 0
  const run = publisherOf(t, service, { getToken: async () => `token-${++asked}` }).run('run-1')
  service.next.publish.push(problem(401, 'token_expired'))
  await run.log('a')
  t.same(service.requests.map((request) => request.headers.authorization), ['Bearer token-1', 'Bearer token-2'])
  service.next.publish.push(problem(401, 'token_invalid'), problem(401, 'token_invalid'))
  await t.rejects(run.log('b'), { status: 401, code: 'token_invalid' })
  await run.log('c')
  t.equal(service.requests.at(-1)?.headers.authorization, 'Bearer token-3')
})

test('a token that can not be had right now is asked for again', async (t) => {
  const service = await startStandIn(t)
  let asked = 0
  const run = publisherOf(t, service, {
    getToken () {
      if (++asked < 3) throw new Error('the issuer is away')
      return 'good'
    }
  }).run('run-1')
  await run.log('a')
  t.equal(service.requests[0]?.headers.authorization, 'Bearer good')
})
