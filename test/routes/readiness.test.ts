import t, { type Test } from 'tap'
import { startCluster } from '../helpers/redis/redis-cluster.ts'
import { freePort, startRedis, type RedisServer } from '../helpers/redis/redis-server.ts'
import { buildApp, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

/** Everything that a Redis user of the service needs. */
const RIGHTS = ['on', '>right', '+@all', '~*', '&*']

async function readyOf (app: App): Promise<{ status: number, reason: unknown, detail: unknown }> {
  const response = await fetch(`${app.url}/health/ready`)
  const { reason, detail }: { reason?: unknown, detail?: unknown } = JSON.parse(await response.text())
  return { status: response.status, reason, detail }
}

async function becomes (app: App, status: number, reason?: string): Promise<void> {
  await waitUntil(`ready answers ${status} ${reason}`, async () => {
    const ready = await readyOf(app)
    return ready.status === status && ready.reason === reason
  })
}

async function metricsOf (app: App): Promise<string> {
  return await (await fetch(`${app.url}/metrics`)).text()
}

async function setUser (server: RedisServer, ...rules: readonly string[]): Promise<void> {
  await server.client().call('ACL', 'SETUSER', 'runcast', 'reset', ...rules)
}

const linesOf = (app: App, reason: string) => app.log().split('\n').filter((line) => line.includes(`"reason":"${reason}"`)).length

/** Starts the service with a user that lacks something, and grants it later. */
async function refusedUntilGranted (t: Test, reason: string, ...rules: readonly string[]): Promise<void> {
  const server = await startRedis(t)
  await setUser(server, ...RIGHTS, ...rules)
  const app = await buildApp(t, { REDIS_URL: `redis://runcast:right@127.0.0.1:${server.port}` })
  await becomes(app, 503, reason)
  t.match((await readyOf(app)).detail, /^[A-Z].*\.$/)
  t.match(await metricsOf(app), new RegExp(`^runcast_ready\\{reason="${reason}"\\} 0$`, 'm'))
  t.equal((await fetch(`${app.url}/health/live`)).status, 200)
  await waitUntil('it is logged', () => linesOf(app, reason) > 0)
  for (let check = 0; check < 20; check++) t.equal((await readyOf(app)).status, 503)
  t.equal(linesOf(app, reason), 1)
  await setUser(server, ...RIGHTS)
  await becomes(app, 200)
  t.equal((await app.publish('r', { payload: 1 })).length, 1)
  t.match(await metricsOf(app), /^runcast_ready\{reason=""\} 1$/m)
}

t.test('a Redis user without the input channels', (t) => refusedUntilGranted(t, 'redis_input_channels', 'resetchannels', '&workflow_run_ingest:*', '&{workflow_run*'))
t.test('a Redis user without any channel', (t) => refusedUntilGranted(t, 'redis_not_permitted', 'resetchannels'))
t.test('a Redis user that may only read', (t) => refusedUntilGranted(t, 'redis_not_permitted', '-@write'))
t.test('a Redis user whose key pattern leaves out the keys of runs', (t) => refusedUntilGranted(t, 'redis_not_permitted', 'resetkeys', '~workflow_run*'))
t.test('a Redis user whose key pattern leaves out the list of runs', (t) => refusedUntilGranted(t, 'redis_not_permitted', 'resetkeys', '~{workflow_run_events:*', '~workflow_run_*'))
t.test('a Redis user without scripts', (t) => refusedUntilGranted(t, 'redis_not_permitted', '-eval', '-evalsha'))
t.test('a Redis user with another password', (t) => refusedUntilGranted(t, 'redis_wrong_password', '<right', '>other'))

t.test('a password that is missing is refused, and a line says so instead of one for each connection', async (t) => {
  const server = await startRedis(t)
  await server.client().config('SET', 'requirepass', 'secret')
  const app = await buildApp(t, { REDIS_URL: server.url })
  await becomes(app, 503, 'redis_wrong_password')
  await waitUntil('it is logged', () => linesOf(app, 'redis_wrong_password') > 0)
  t.notMatch(app.log(), 'Redis connection error')
})

t.test('a command that Redis does not know', async (t) => {
  const server = await startRedis(t, { args: ['--rename-command', 'EVALSHA', ''] })
  const app = await buildApp(t, { REDIS_URL: server.url })
  await becomes(app, 503, 'redis_unsupported')
})

t.test('a replica is not ready until it is promoted; with INGEST_PUBSUB=false the input channels are not needed', async (t) => {
  const server = await startRedis(t)
  await setUser(server, ...RIGHTS, 'resetchannels', '&workflow_run_ingest:*', '&{workflow_run*')
  const admin = server.client()
  await admin.replicaof('127.0.0.1', await freePort())
  const app = await buildApp(t, { REDIS_URL: `redis://runcast:right@127.0.0.1:${server.port}`, INGEST_PUBSUB: 'false' })
  await becomes(app, 503, 'redis_read_only')
  await admin.replicaof('NO', 'ONE')
  await becomes(app, 200)
})

t.test('after work an outage leaves the service ready and is told; a refusal that lasts does not', async (t) => {
  const server = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: server.url })
  await becomes(app, 200)
  t.same((await readyOf(app)).detail, undefined)
  await waitUntil('it has the lease of the ingest', async () => /^runcast_ingest_lease 1$/m.test(await metricsOf(app)))

  await server.stop()
  await becomes(app, 200, 'storage_unreachable')
  t.match(await (await fetch(`${app.url}/health/ready`)).json(), { status: 'degraded' })
  t.match(await metricsOf(app), /^runcast_ready\{reason="storage_unreachable"\} 1$/m)
  await server.start()
  await becomes(app, 200)

  const admin = server.client()
  await admin.replicaof('127.0.0.1', await freePort())
  await becomes(app, 200, 'redis_read_only')
  await becomes(app, 503, 'redis_read_only')
  await admin.replicaof('NO', 'ONE')
  await becomes(app, 200)

  await admin.config('SET', 'maxmemory', '1')
  await becomes(app, 200, 'storage_full')
  await admin.config('SET', 'maxmemory', '0')
  await becomes(app, 200)

  await admin.config('SET', 'requirepass', 'rotated')
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  await becomes(app, 503, 'redis_wrong_password')
})

t.test('a Redis that freezes is answered for within a second', async (t) => {
  const server = await startRedis(t)
  const app = await buildApp(t, { REDIS_URL: server.url })
  await becomes(app, 200)
  await server.kill('SIGSTOP')
  await becomes(app, 200, 'storage_unreachable')
  await server.kill('SIGCONT')
  await becomes(app, 200)
})

t.test('the embedded log without room for events was never able to write', async (t) => {
  const app = await buildApp(t, { MIN_FREE_BYTES: String(Number.MAX_SAFE_INTEGER) })
  await becomes(app, 503, 'storage_full')
})

t.test('a Cluster whose primaries take writes', async (t) => {
  const cluster = await startCluster(t)
  const app = await buildApp(t, { REDIS_CLUSTER_NODES: cluster.nodes.map(({ host, port }) => `${host}:${port}`).join(',') })
  await becomes(app, 200)
  t.equal((await app.publish('r', { payload: 1 })).length, 1)
})

t.test('a server that is no Cluster, used as one', async (t) => {
  const server = await startRedis(t)
  const app = await buildApp(t, { REDIS_CLUSTER_NODES: `127.0.0.1:${server.port}` })
  await becomes(app, 503, 'redis_unsupported')
})
