import { createPublisher, RuncastError, type Deliver, type PublishingOptions, type Retry } from '@runcast/client'
import { test, type Test } from 'tap'
import { numbers } from './support/test-publisher.ts'

interface Delivery {
  readonly runId: string
  readonly body: string
  readonly key: string
}

/**
 * Makes a publisher that delivers by function calls, with a record of its deliveries.
 *
 * @param failures the outcomes of the first deliveries; later deliveries succeed
 */
function directPublisher (t: Test, failures: Deliver[] = [], options: PublishingOptions = {}) {
  const deliveries: Delivery[] = []
  const retries: Retry[] = []
  const deliver: Deliver = async (runId, body, key, signal) => {
    deliveries.push({ runId, body, key })
    const next = failures.shift()
    if (next !== undefined) return await next(runId, body, key, signal)
    const events: unknown[] = JSON.parse(body)
    return events.map((_, index) => `1764000000000-${index + 1}`)
  }
  const publisher = createPublisher({ deliver, batchDelayMs: 5, maxRetryDelayMs: 10, onRetry: (retry) => retries.push(retry), ...options })
  t.teardown(() => publisher.close({ timeoutMs: 0 }))
  return { publisher, deliveries, retries }
}

const failing = (error: unknown): Deliver => async () => { throw error }
const silent: Deliver = (_runId, _body, _key, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject))

test('a batch is delivered by a function instead of over HTTP', async (t) => {
  const { publisher, deliveries } = directPublisher(t)
  const ids = await publisher.run('run-1').publish(numbers(2).map((payload) => ({ payload })))
  t.same(ids, ['1764000000000-1', '1764000000000-2'])
  t.match(deliveries, [{ runId: 'run-1', body: '[{"payload":1},{"payload":2}]', key: /^[\d-]{7,128}$/ }])
})

test('a transient error is repeated under the same key, a refusal is not', async (t) => {
  const full = new RuncastError('storage_full', 'The disk is full.', { status: 507 })
  const { publisher, deliveries, retries } = directPublisher(t, [failing(full), failing(new TypeError('broken'))])
  await publisher.run('run-1').log('a')
  t.equal(deliveries.length, 3)
  t.equal(new Set(deliveries.map(({ key }) => key)).size, 1)
  t.equal(retries[0]?.error, full)
  t.match(retries[1]?.error, { name: 'RuncastError', code: 'unreachable', message: /broken/ })

  const refusal = new RuncastError('event_too_large', 'The payload is too large.', { status: 413 })
  const refused = directPublisher(t, [failing(refusal)])
  await t.rejects(refused.publisher.run('run-1').log('a'), refusal)
  t.equal(refused.deliveries.length, 1)
})

test('a delivery without an outcome is repeated after its time, and ends when the publisher is closed', async (t) => {
  const { publisher, retries } = directPublisher(t, [silent], { requestTimeoutMs: 20 })
  await publisher.run('run-1').log('a')
  t.match(retries, [{ error: { code: 'timeout' } }])

  const stuck = directPublisher(t, [silent])
  const published = t.rejects(stuck.publisher.run('run-1').log('a'), { code: 'closed' })
  await stuck.publisher.close({ timeoutMs: 20 })
  await published
})

test('a delivery with another number of ids than events is not taken for an answer', async (t) => {
  const { publisher } = directPublisher(t, [async () => []])
  await t.rejects(publisher.run('run-1').log('a'), { code: 'unexpected_answer' })
})
