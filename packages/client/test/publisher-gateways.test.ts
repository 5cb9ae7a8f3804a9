import { createPublisher } from '@runcast/client'
import { test } from 'tap'
import { gatewayPage, problem, startStandIn } from './support/stand-in-service.ts'

test('a page of a gateway is no success: the batch is sent again, and stored once', async (t) => {
  const service = await startStandIn(t)
  const retries: string[] = []
  const publisher = createPublisher({ url: service.url, batchDelayMs: 0, maxRetryDelayMs: 1, onRetry: ({ error }) => retries.push(error.message) })
  const run = publisher.run('run-1')
  await run.log('before')
  const statuses = [200, 201, 204, 302, 401, 403, 404, 410, 502]
  for (const status of statuses) {
    service.next.publish.push(...Array(12).fill(gatewayPage(status)))
    await run.log(`past ${status}`)
  }
  t.same(service.events('run-1').map(({ data }) => JSON.parse(data).message), ['before', ...statuses.map((status) => `past ${status}`)])
  t.match(retries[0], 'The answer is not from Runcast: 200 text/html nginx.')
})

test('where the service has never answered, ten pages end the batch', async (t) => {
  const service = await startStandIn(t)
  const publisher = createPublisher({ url: service.url, batchDelayMs: 0, maxRetryDelayMs: 1 })
  service.next.publish.push(...Array(10).fill(gatewayPage(404)))
  await t.rejects(publisher.run('run-1').log('a'), { code: 'unexpected_answer', status: 404, message: 'The answer is not from Runcast: 404 text/html nginx.' })
  t.equal(service.requests.length, 10)
})

test('a body that is too large for a gateway is refused, and a refusal of the service stays one', async (t) => {
  const service = await startStandIn(t)
  const run = createPublisher({ url: service.url, batchDelayMs: 0 }).run('run-1')
  await run.log('before')
  service.next.publish.push(gatewayPage(413), problem(404, 'run_not_found'))
  await t.rejects(run.log('a'), { code: 'body_too_large', status: 413 })
  await t.rejects(run.log('b'), { code: 'run_not_found', status: 404 })
})
