import t, { type Test } from 'tap'
import { createPublishers, type PublishersOptions } from '../../../services/engine/publishers.ts'
import { DiskFullError, RedisFullError, StoreCorruptError, UnavailableError } from '../../../services/problems/storage-errors.ts'
import type { Publication } from '../../../services/publisher.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'
import { buildApp, type App } from '../../helpers/service/app.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const service = await buildApp(t, { MAX_EVENT_BYTES: '1024' })

/** The engine's publishers for a service, with their log. */
function publishersOf (t: Test, { app }: App = service, options: Partial<PublishersOptions> = {}) {
  const logger = memoryLogger()
  const limits = { maxEventBytes: app.config.MAX_EVENT_BYTES, terminalStatuses: app.config.terminalStatuses }
  const publishers = createPublishers({ publish: (publication) => app.publisher.publish(publication), limits, logger, ...options })
  t.teardown(() => publishers.close(0))
  return { publishers, logger }
}

t.test('an event reaches the log of its tenant without a request', async (t) => {
  const { publishers } = publishersOf(t)
  const run = publishers.of('acme').run('r')
  t.match(await run.status('running'), /^\d+-1$/)
  t.match(await run.status('Succeeded'), /^\d+-2$/)
  t.match(await service.app.runLog.readRun('r'), { status: 'succeeded', tenant: 'acme', terminal: true })
  t.equal(publishers.of('acme'), publishers.of('acme'))
  await publishers.of('').run('nobody').log('hello')
  t.match(await service.app.runLog.readRun('nobody'), { tenant: '' })
  t.match(await service.app.metrics.appendedEvents.get(), { values: [{ value: 3 }] })
  t.notMatch(service.log(), 'request answered')
})

t.test('an event is refused as it is over HTTP, once', async (t) => {
  const { publishers, logger } = publishersOf(t)
  const large = { event_type: 'log', payload: { level: 'info', message: 'x'.repeat(2_000) } }
  const response = await service.call('/api/v1/workflow-runs/large/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(large) })
  const { status, code, detail } = await response.json() as { status: number, code: string, detail: string }
  t.equal(code, 'event_too_large')
  await t.rejects(publishers.of('acme').run('large').publish(large), { name: 'RuncastError', status, code, message: detail })

  await service.publish('taken', { payload: 1 }, { tenant: 'other' })
  await t.rejects(publishers.of('acme').run('taken').log('mine'), { name: 'RuncastError', status: 404, code: 'run_not_found' })
  t.same(logger.lines, [], 'a refusal is not repeated')
})

t.test('an event that can not be stored now is delivered again under its key', async (t) => {
  const keys: unknown[] = []
  const publish = async (publication: Publication) => {
    const result = await service.app.publisher.publish(publication)
    // The answer is lost, the event is not.
    if (keys.push(publication.idempotencyKey) === 1) throw new UnavailableError('The log does not answer.')
    return result
  }
  const { publishers, logger } = publishersOf(t, service, { publish })
  await publishers.of('acme').run('lost').log('hello')
  t.equal(keys.length, 2)
  t.equal(keys[0], keys[1])
  t.match(await service.app.runLog.readRun('lost'), { events: 1 })
  t.match(logger.lines, [{ level: 'warn', fields: { run_id: 'lost', err: { status: 503, code: 'unavailable', retryAfterMs: 2_000, cause: { code: 'unavailable' } } } }])
})

for (const { error, code, status } of [
  { error: new DiskFullError('The disk is full.'), code: 'storage_full', status: 507 },
  { error: new RedisFullError('Redis is full.'), code: 'storage_full', status: 503 },
  { error: new StoreCorruptError('The entry is none.'), code: 'store_corrupt', status: 500 }
]) {
  t.test(`${code} has the status ${status} and is tried again until the end`, async (t) => {
    const { publishers, logger } = publishersOf(t, service, { publish: () => Promise.reject(error) })
    const published = t.rejects(publishers.of('').run('r').log('hello'), { code: 'closed' })
    await waitUntil('it is logged', () => logger.lines.length > 0)
    t.match(logger.lines[0], { fields: { err: { name: 'RuncastError', status, code } } })
    await publishers.close(0)
    await published
  })
}

t.test('closing does not wait for a log that does not answer', async (t) => {
  const { publishers } = publishersOf(t, service, { publish: () => new Promise(() => {}) })
  const published = t.rejects(publishers.of('').run('r').log('hello'), { code: 'closed' })
  await publishers.close(20)
  await published
})

t.test('an event that is published while the service closes is stored', async (t) => {
  const app = await buildApp(t)
  const { publishers } = publishersOf(t, app)
  let isStored = false
  app.app.onDrain(async () => {
    await publishers.of('acme').run('r').log('the last word')
    isStored = (await app.app.runLog.readRun('r'))?.lastLog === 'the last word'
  })
  await app.close()
  t.ok(isStored)
})
