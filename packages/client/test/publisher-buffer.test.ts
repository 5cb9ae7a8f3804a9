import { test } from 'tap'
import { problem, startStandIn } from './support/stand-in-service.ts'
import { numbers, payloads, publisherOf } from './support/test-publisher.ts'

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

test('with onError a failed publish that is not awaited is no unhandled rejection', async (t) => {
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
