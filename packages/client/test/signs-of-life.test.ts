import { createPublisher } from '@runcast/client'
import { mock } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { createSignsOfLife } from '../src/signs-of-life.ts'
import { problem, startStandIn } from './support/stand-in-service.ts'
import { waitUntil } from './support/wait-until.ts'

async function publishing (t: Test, aliveIntervalMs?: number) {
  const service = await startStandIn(t)
  const publisher = createPublisher({ url: service.url, batchDelayMs: 5, ...(aliveIntervalMs === undefined ? {} : { aliveIntervalMs }) })
  t.teardown(() => publisher.close({ timeoutMs: 0 }))
  const signs = () => service.requests.filter(({ path }) => path.endsWith('/alive')).length
  return { service, publisher, signs }
}

/** Tells if no sign comes for much longer than the intervals of these tests. One that was on its way may still come. */
async function isQuiet (signs: () => number): Promise<boolean> {
  const before = signs()
  await delay(200)
  return signs() === before
}

test('a publisher says that it lives: at once when the run has begun, and then while it is silent', async (t) => {
  const { publisher, signs } = await publishing(t, 30)
  const run = publisher.run('run-1')
  await run.log('before any status')
  await run.status('waiting_for_approval')
  await run.status('running')
  await waitUntil('three signs', () => signs() >= 3)
  await run.status('succeeded')
  await waitUntil('the signs end', () => isQuiet(signs))
})

test('a sign that fails is sent again, also while events come', async (t) => {
  const { service, publisher, signs } = await publishing(t, 100)
  service.next.other.push(problem(503, 'unavailable'), problem(403, 'scope_missing'))
  const run = publisher.run('run-1')
  for (let sent = 0; signs() < 3; sent++) await run.status('running', { sent })
})

test('events say that it lives: each of them begins the silence anew', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let sent = 0
  const signs = createSignsOfLife(async () => ++sent > 0, 100)
  const delivered = async () => {
    signs.delivered('run-1', { status: 'running', terminal: false })
    await new Promise(setImmediate)
  }
  await delivered()
  t.equal(sent, 1)
  for (let event = 0; event < 5; event++) {
    mock.timers.tick(99)
    await delivered()
  }
  t.equal(sent, 1)
  mock.timers.tick(100)
  t.equal(sent, 2)
})

test('a close ends the signs, and zero sends none', async (t) => {
  const { publisher, signs } = await publishing(t, 20)
  await publisher.run('run-1').status('running')
  await waitUntil('a sign', () => signs() > 0)
  await publisher.close()
  await waitUntil('the signs end', () => isQuiet(signs))

  const mute = await publishing(t, 0)
  await mute.publisher.run('run-1').status('running')
  await mute.publisher.flush()
  t.equal(mute.signs(), 0)
})

test('a publisher is told the state that its run really has', async (t) => {
  const service = await startStandIn(t)
  const told: unknown[] = []
  const publisher = createPublisher({ url: service.url, batchDelayMs: 1, aliveIntervalMs: 0, onStored: (runId, run) => told.push([runId, run]) })
  t.teardown(() => publisher.close({ timeoutMs: 0 }))
  await publisher.run('run-1').status('failed')
  await publisher.run('run-1').status('running')
  t.same(told, [['run-1', { status: 'failed', terminal: true }], ['run-1', { status: 'failed', terminal: true }]])
})
