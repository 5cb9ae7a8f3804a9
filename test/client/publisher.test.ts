import { createPublisher, RuncastError, type PublisherOptions, type Retry } from '@runcast/client'
import { test, type Test } from 'tap'
import { problem, startStandIn, type StandInService } from '../helpers/stand-in-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

function publisherOf (t: Test, service: StandInService, options: Partial<PublisherOptions> = {}) {
  const publisher = createPublisher({ url: service.url, ...(options.getToken === undefined ? { token: 'secret' } : {}), batchDelayMs: 5, maxRetryDelayMs: 10, ...options })
  t.teardown(() => publisher.close({ timeoutMs: 0 }))
  return publisher
}

const refusalCode = (error: unknown) => error instanceof RuncastError ? error.code : String(error)
const numbers = (count: number, first = 1) => Array.from({ length: count }, (_, index) => first + index)
const payloads = (service: StandInService, runId: string): unknown[] => service.events(runId).map((event) => JSON.parse(event.data))

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

test('a batch is repeated under one Idempotency-Key after every answer that may pass, and is stored once', async (t) => {
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
  t.same(codes, ['timeout'])
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

test('what can never be accepted is refused before it is sent', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service)
  const run = publisher.run('run-1')
  for (const type of ['', 'stream_end', 'a b', 'x'.repeat(65), '1st', 'log\n']) await t.rejects(run.publish({ event_type: type, payload: 1 }), { code: 'invalid_event' }, JSON.stringify(type))
  for (const payload of [undefined, () => {}, 1n]) await t.rejects(run.publish({ payload }), { code: 'invalid_event' }, String(payload))
  await t.rejects(run.publish({ payload_json: '{"a":' }), { code: 'invalid_event' })
  for (const runId of ['', '../x', 'a/b', 'x'.repeat(129), ' ']) t.throws(() => publisher.run(runId), { code: 'invalid_run_id' }, JSON.stringify(runId))
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

test('a full buffer makes publishers wait, in the order of their calls', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { buffer: { events: 10 }, batchMaxEvents: 5 })
  const run = publisher.run('run-1')
  let most = 0
  const watched = numbers(100).map(async (payload) => {
    await run.publish({ payload })
    most = Math.max(most, publisher.buffered.events)
  })
  t.equal(publisher.buffered.events, 10)
  t.equal(publisher.full, true)
  await Promise.all(watched)
  t.ok(most <= 10)
  t.same(payloads(service, 'run-1'), numbers(100))
  t.same(publisher.buffered, { events: 0, bytes: 0 })
})

test('a publisher that does not await each event can wait for room', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { buffer: { bytes: 1000 } })
  const run = publisher.run('run-1')
  for (const n of numbers(100)) {
    await publisher.ready()
    run.log(`line ${n}`)
    t.ok(publisher.buffered.bytes <= 1000)
  }
  await publisher.flush()
  t.equal(service.events('run-1').length, 100)
})

test('with the policy reject a full buffer is told at once and takes nothing of the call', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { buffer: { events: 2 }, whenFull: 'reject' })
  const run = publisher.run('run-1')
  const first = run.publish([{ payload: 1 }])
  await t.rejects(run.publish([{ payload: 2 }, { payload: 3 }]), { code: 'buffer_full' })
  const second = run.publish({ payload: 4 })
  await t.rejects(run.publish({ payload: 5 }), { code: 'buffer_full' })
  await Promise.all([first, second])
  t.same(payloads(service, 'run-1'), [1, 4])
})

test('an event larger than the buffer passes alone', async (t) => {
  const service = await startStandIn(t)
  const run = publisherOf(t, service, { buffer: { bytes: 100 } }).run('run-1')
  await Promise.all([run.log('a'), run.log('x'.repeat(1000)), run.log('b')])
  t.same(service.events('run-1').map((event) => event.data.length > 100), [false, true, false])
})

test('flush sends at once and waits until all is stored', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { batchDelayMs: 60_000 })
  publisher.run('a').log('1')
  publisher.run('b').log('2')
  await publisher.flush()
  t.equal(service.events('a').length + service.events('b').length, 2)
})

test('a closed publisher has stored everything and takes nothing more', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service, { batchDelayMs: 60_000 })
  const run = publisher.run('a')
  run.log('1')
  await publisher.close()
  t.equal(service.events('a').length, 1)
  await t.rejects(run.log('2'), { code: 'closed' })
})

test('closing with a limit tells each publish that it was not confirmed', async (t) => {
  const service = await startStandIn(t)
  await service.stop()
  const failed: [string, string, number][] = []
  const publisher = publisherOf(t, service, {
    buffer: { events: 3 },
    onError: (error, runId, events) => failed.push([error.code, runId, events])
  })
  publisher.run('a').publish([{ payload: 1 }, { payload: 2 }])
  publisher.run('b').log('1')
  publisher.run('a').log('waits for room')
  await publisher.close({ timeoutMs: 30 })
  t.same(failed.sort(), [['closed', 'a', 1], ['closed', 'a', 2], ['closed', 'b', 1]])
})

test('with onError nobody has to await each publish', async (t) => {
  const service = await startStandIn(t)
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const failed: string[] = []
  const quiet = publisherOf(t, service, { onError: (error) => failed.push(error.code) })
  service.next.publish.push(problem(403, 'no'))
  quiet.run('a').log('1')
  await quiet.close()
  t.same(failed, ['no'])
  t.equal(unhandled.length, 0)
})

test('many runs at once make Node warn of nothing', async (t) => {
  const service = await startStandIn(t)
  const publisher = publisherOf(t, service)
  const warnings: Error[] = []
  const note = (warning: Error) => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  await Promise.all(numbers(30).map((run) => publisher.run(`run-${run}`).log('hello')))
  await new Promise((resolve) => setImmediate(resolve))
  t.same(warnings, [])
})
