import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { RedisPubSubManager } from '../../../services/pubsub/redis-pubsub-manager.ts'
import { createRedisConnections, type RedisConnections } from '../../../services/redis/connections.ts'
import { redisKeys } from '../../../services/redis/keys.ts'
import type { LiveMessage } from '../../../services/run-log/live-message.ts'
import { startProxy } from '../../helpers/http/tcp-proxy.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'
import { startRedis, type RedisServer } from '../../helpers/redis/redis-server.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

const keys = redisKeys('workflow_run_events', 0)

function connect (t: Test, url: string): RedisConnections {
  const connections = createRedisConnections({ kind: 'standalone', url }, memoryLogger())
  connections.command.connect().catch(() => {})
  t.teardown(() => connections.command.disconnect())
  return connections
}

function manage (t: Test, connections: RedisConnections, probeIntervalMs = 60_000) {
  const logger = memoryLogger()
  const manager = new RedisPubSubManager({ connections, keys, probeIntervalMs, logger })
  t.teardown(() => manager.close())
  return { manager, logger }
}

async function subscribers (server: RedisServer): Promise<string[]> {
  const list = await server.client().client('LIST', 'TYPE', 'PUBSUB')
  return String(list).trim().split('\n').filter((line) => line !== '')
}

t.test('a subscription is acknowledged before it is given, and its messages are read once for all listeners', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { manager } = manage(t, connect(t, server.url))
  const first: LiveMessage[] = []
  const second: LiveMessage[] = []
  const leave = await manager.subscribe('a', (message) => first.push(message))
  t.equal(await client.publish(keys.live('a'), JSON.stringify({ prev: '0-0', events: [['5-1', 'log', '{"a":1}'], ['6-2', 'message', '2']] })), 1)
  await waitUntil('the first has heard', () => first.length === 1)
  await manager.subscribe('a', (message) => second.push(message))
  await client.publish(keys.live('a'), JSON.stringify({ prev: '6-2', last: '9-40', n: 38 }))
  await waitUntil('both have heard', () => second.length === 1)
  t.strictSame(first, [
    {
      prev: '0-0',
      last: '6-2',
      events: [{ id: '5-1', prev: '0-0', type: 'log', data: '{"a":1}' }, { id: '6-2', prev: '5-1', type: 'message', data: '2' }]
    },
    { prev: '6-2', last: '9-40', events: null }
  ])
  t.equal(first[1], second[0])
  leave()
  await client.publish(keys.live('a'), JSON.stringify({ prev: '9-40', last: '9-41', n: 1 }))
  await waitUntil('the other has heard', () => second.length === 2)
  t.equal(first.length, 2)
})

t.test('a message in an unknown format, and a listener that fails, harm no other listener', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { manager, logger } = manage(t, connect(t, server.url))
  const heard: LiveMessage[] = []
  await manager.subscribe('a', () => { throw new Error('no') })
  await manager.subscribe('a', (message) => heard.push(message))
  for (const text of ['', 'x', 'null', '[]', '{}', '{"prev":1,"last":"1-1"}', '{"prev":"0-0"}', '{"prev":"0-0","events":[]}', '{"prev":"0-0","events":[1]}', '{"prev":"0-0","events":[["1-1","log"]]}']) {
    await client.publish(keys.live('a'), text)
  }
  await client.publish(keys.live('a'), '{"prev":"0-0","last":"1-1","n":1}')
  await waitUntil('the good message has come', () => heard.length > 0)
  t.strictSame(heard, [{ prev: '0-0', last: '1-1', events: null }])
  t.equal(logger.lines.length, 1)
})

t.test('the changes of tenants share the connection, and their listeners are told when hints may be missed', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { manager, logger } = manage(t, connect(t, server.url))
  const heard: string[] = []
  const listen = (name: string) => ({
    changed: (runId: string) => { heard.push(`${name} ${runId}`) },
    missed: () => { heard.push(`${name} missed`) }
  })
  await manager.subscribe('run', () => {})
  const leave = await manager.subscribeChanges('', listen('one'))
  await manager.subscribeChanges('', listen('two'))
  await manager.subscribeChanges('other', listen('other'))
  t.equal((await subscribers(server)).length, 1)
  t.strictSame(await client.pubsub('NUMSUB', keys.changed('')), [keys.changed(''), 1])

  for (const text of ['', 'a b', '{"x":1}', 'build-1']) await client.publish(keys.changed(''), text)
  await waitUntil('both have heard', () => heard.length === 2)
  t.strictSame(heard, ['one build-1', 'two build-1'])
  t.equal(logger.lines.length, 1)

  leave()
  await client.client('KILL', 'TYPE', 'PUBSUB')
  await waitUntil('both tenants are told', () => heard.length === 4)
  t.strictSame(heard.slice(2).sort(), ['other missed', 'two missed'])
  t.equal(await client.publish(keys.changed('other'), 'build-2'), 1)
  await waitUntil('hints come again', () => heard.at(-1) === 'other build-2')
})

t.test('a thousand runs with two listeners each take one connection, one subscription each and few commands', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { manager } = manage(t, connect(t, server.url))
  await waitUntil('it is connected', () => manager.isConnected())
  await client.config('RESETSTAT')
  const runs = Array.from({ length: 1_000 }, (_, index) => `run-${index}`)
  const leave = await Promise.all([...runs, ...runs].map((run) => manager.subscribe(run, () => {})))
  t.equal((await subscribers(server)).length, 1)
  t.strictSame(await client.pubsub('NUMSUB', keys.live('run-0'), keys.live('run-999')), [keys.live('run-0'), 1, keys.live('run-999'), 1])

  leave.slice(0, 1_000).forEach((leaveOne) => leaveOne())
  leave.slice(0, 1_000).forEach((leaveOne) => leaveOne())
  await (await manager.subscribe('another', () => {}))()
  t.strictSame(await client.pubsub('NUMSUB', keys.live('run-0')), [keys.live('run-0'), 1], 'the second listener is still there')

  leave.slice(1_000).forEach((leaveOne) => leaveOne())
  await waitUntil('nothing of a run is subscribed', async () => (await client.pubsub('CHANNELS', '*:live')).length === 0)
  const stats = String(await client.info('commandstats'))
  const calls = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1])
  t.ok(calls('subscribe') <= 4, `${calls('subscribe')} SUBSCRIBE`)
  t.ok(calls('unsubscribe') <= 4, `${calls('unsubscribe')} UNSUBSCRIBE`)
})

t.test('a run that is left and taken up again within a moment stays or is subscribed again', async (t) => {
  const server = await startRedis(t)
  const { manager } = manage(t, connect(t, server.url))
  const heard: LiveMessage[] = []
  for (let round = 0; round < 200; round++) {
    const leave = await manager.subscribe('a', () => {})
    if (round % 2 === 0) leave()
    else setImmediate(leave)
  }
  await manager.subscribe('a', (message) => heard.push(message))
  t.equal(await server.client().publish(keys.live('a'), '{"prev":"0-0","last":"1-1","n":1}'), 1)
  await waitUntil('the message has come', () => heard.length === 1)
})

t.test('after its connection broke, all runs are subscribed again before they are reported as restored', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { manager } = manage(t, connect(t, server.url))
  const heard: LiveMessage[] = []
  const restored: string[] = []
  const published: Array<Promise<number>> = []
  const runs = Array.from({ length: 1_200 }, (_, index) => `run-${index}`)
  manager.onRestored((runIds) => {
    restored.push(...runIds)
    for (const runId of runIds) published.push(client.publish(keys.live(runId), '{"prev":"0-0","last":"1-1","n":1}'))
  })
  await Promise.all(runs.map((run) => manager.subscribe(run, (message) => heard.push(message))))
  t.equal(restored.length, 0)
  for (let round = 1; round <= 3; round++) {
    await client.client('KILL', 'TYPE', 'PUBSUB')
    await waitUntil('all runs are restored and their messages come', () => heard.length === round * runs.length)
  }
  t.strictSame(new Set(restored), new Set(runs))
  t.ok((await Promise.all(published)).every((receivers) => receivers === 1))
  t.equal(restored.length, heard.length)
  t.ok(manager.isConnected())
})

t.test('without an acknowledgement a subscription fails as unavailable, and leaves nothing behind', async (t) => {
  const server = await startRedis(t)
  const { manager } = manage(t, connect(t, server.url))
  await waitUntil('it is connected', () => manager.isConnected())
  await server.stop()
  await waitUntil('that is noticed', () => !manager.isConnected())
  await t.rejects(manager.subscribe('a', () => {}), { statusCode: 503, code: 'unavailable' })
  await server.start()
  await waitUntil('it is connected again', () => manager.isConnected())
  await manager.subscribe('b', () => {})
  t.strictSame(await server.client().pubsub('CHANNELS', '*:live'), [keys.live('b')])
})

t.test('a subscriber connection that is silently dead is found by the probe and made anew', async (t) => {
  const server = await startRedis(t)
  const proxy = await startProxy(t, server.port)
  const direct = connect(t, server.url)
  const proxied = createRedisConnections({ kind: 'standalone', url: `redis://127.0.0.1:${proxy.port}` }, memoryLogger())
  const { manager, logger } = manage(t, { ...direct, subscriber: proxied.subscriber }, 100)
  const restored: string[] = []
  const heard: LiveMessage[] = []
  manager.onRestored((runIds) => restored.push(...runIds))
  await manager.subscribe('a', (message) => heard.push(message))
  proxy.blackhole(true)
  await waitUntil('the connection is given up', () => logger.lines.some(({ message }) => message.includes('silently dead')))
  proxy.blackhole(false)
  await waitUntil('the run is restored', () => restored.includes('a'))
  await server.client().publish(keys.live('a'), '{"prev":"0-0","last":"1-1","n":1}')
  await waitUntil('messages come again', () => heard.length === 1)
})

t.test('a probe that could not be sent proves nothing', async (t) => {
  const server = await startRedis(t)
  const proxy = await startProxy(t, server.port)
  const direct = connect(t, server.url)
  const { command } = connect(t, `redis://127.0.0.1:${proxy.port}`)
  const { manager } = manage(t, { ...direct, command }, 500)
  await manager.subscribe('a', () => {})
  const [before] = await subscribers(server)
  proxy.refuse(true)
  proxy.cut()
  await delay(1_300)
  const [after] = await subscribers(server)
  t.equal(/ id=(\d+)|^id=(\d+)/.exec(after ?? '')?.[0], /^id=(\d+)/.exec(before ?? '')?.[0])
  t.ok(manager.isConnected())
})
