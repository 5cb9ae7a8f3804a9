import t, { type Test } from 'tap'
import { openEventStream, type EventStream, type OpenOptions } from '../helpers/http/event-stream.ts'
import { isUpdateTo, runOf, watchedRuns } from '../helpers/pages/watched-runs.ts'
import { startRedis, type RedisServer } from '../helpers/redis/redis-server.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const PATH = '/api/v1/run-updates/stream'

const log = (message: string) => ({ event_type: 'log', payload: { level: 'info', message } })
const status = (name: string) => ({ event_type: 'status_change', payload: { status: name } })

const isSnapshot = ({ event }: { event: string | undefined }) => event === 'runs_snapshot'

function watch (app: App, { claims = {}, ...options }: OpenOptions & { claims?: Record<string, unknown> } = {}): Promise<EventStream> {
  return openEventStream(app.url + PATH, { token: tokenFor({ sub: 'watcher', scope: 'runs:read', ...claims }), ...options })
}

// Most of them wait most of the time.
t.jobs = 4
const TOGETHER = { buffered: true }

const redis: RedisServer = await startRedis(t)
let prefixes = 0
const stores = {
  embedded: () => ({}),
  Redis: () => ({ REDIS_URL: redis.url, CHANNEL_PREFIX: `feed_${++prefixes}` })
}

for (const [store, settings] of Object.entries(stores)) {
  const start = (t: Test, more: Record<string, string> = {}) => buildApp(t, { ...settings(), ...more })

  t.test(`${store}: the newest page comes first, as the list gives it, then what changes, as the run gives it`, TOGETHER, async (t) => {
    const app = await start(t, { STREAM_RETRY_MS: '1234' })
    await app.publish('old', [status('running'), log('one')])
    await waitUntil('it is on the list', async () => (await list(app)).runs.length === 1)
    const stream = await watch(app, { lastEventId: '1764000000000-42' })
    const snapshot = await stream.waitFor(isSnapshot)
    t.match(stream.headers, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
    t.ok(stream.text().startsWith('retry: 1234\nevent: runs_snapshot\ndata: {"runs":[{"run_id":"old"'), 'whatever cursor was sent')
    t.strictSame(JSON.parse(snapshot.data), await list(app))

    for (const [runId, events] of [['old', [log('two')]], ['new', [status('queued')]]] as const) {
      const ids = await app.publish(runId, events)
      const update = await stream.waitFor(isUpdateTo(ids.at(-1)))
      t.strictSame(runOf(update), await (await app.call(`/api/v1/workflow-runs/${runId}`)).json())
    }
    t.notMatch(stream.text(), /^id:/m, 'there is no cursor to come back with')
    stream.destroy()
  })

  t.test(`${store}: the first sign of life of a run is told, though it is no event`, TOGETHER, async (t) => {
    const app = await start(t)
    const [id] = await app.publish('quiet', [status('running')])
    const stream = await watch(app)
    await stream.waitFor(({ event, data }) => event !== undefined && data.includes(id ?? 'none'))
    const told = stream.waitFor(({ event, data }) => event === 'run_updated' && !data.includes('"last_heard_at":null'))
    await app.call('/api/v1/workflow-runs/quiet/alive', { method: 'POST' })
    t.match(runOf(await told), { run_id: 'quiet', last_event_id: id, last_heard_at: String })
    stream.destroy()
  })

  t.test(`${store}: a run that changes all the time is told now and then, and its last state always`, TOGETHER, async (t) => {
    const app = await start(t)
    const stream = await watch(app)
    await stream.waitFor(isSnapshot)
    const startedAt = performance.now()
    let last: string | undefined
    for (let batch = 0; batch < 100; batch++) last = (await app.publish('busy', [log(`${batch}`), log('again')])).at(-1)
    await stream.waitFor(isUpdateTo(last))
    const { updates } = watchedRuns(stream)
    t.ok(updates.length <= 2 + (performance.now() - startedAt) / 250, `${updates.length} updates`)
    t.match(updates.at(-1), { run_id: 'busy', events: 200, counts: { log: 200 }, last_log: 'again' })
    stream.destroy()
  })

  t.test(`${store}: everyone sees the runs of the own tenant that the token permits, and no others`, TOGETHER, async (t) => {
    const app = await start(t)
    const watchers = {
      acme: await watch(app, { claims: { tenant: 'acme' } }),
      builds: await watch(app, { claims: { tenant: 'acme', run_ids: ['build-*'] } }),
      nobody: await watch(app)
    }
    for (const stream of Object.values(watchers)) t.strictSame(JSON.parse((await stream.waitFor(isSnapshot)).data), { runs: [], cursor: null })
    await app.publish('deploy-1', log('1'), { tenant: 'acme' })
    await app.publish('build-1', log('1'), { tenant: 'acme' })
    await app.publish('other', log('1'))
    const last = { acme: await app.publish('build-2', log('1'), { tenant: 'acme' }), nobody: await app.publish('another', log('1')) }
    await watchers.acme.waitFor(isUpdateTo(last.acme[0]))
    await watchers.builds.waitFor(isUpdateTo(last.acme[0]))
    await watchers.nobody.waitFor(isUpdateTo(last.nobody[0]))
    const seen = (stream: EventStream) => [...watchedRuns(stream).runs.keys()].sort()
    t.strictSame(seen(watchers.acme), ['build-1', 'build-2', 'deploy-1'])
    t.strictSame(seen(watchers.builds), ['build-1', 'build-2'])
    t.strictSame(seen(watchers.nobody), ['another', 'other'])
    const late = await watch(app, { claims: { tenant: 'acme', run_ids: ['build-*'] } })
    t.strictSame(JSON.parse((await late.waitFor(isSnapshot)).data).runs.map((run: { run_id: string }) => run.run_id).sort(), ['build-1', 'build-2'])
    for (const stream of [...Object.values(watchers), late]) stream.destroy()
  })
}

t.test('who may not watch is refused before a byte of the stream', TOGETHER, async (t) => {
  const app = await buildApp(t)
  const statusOf = async (options: OpenOptions) => (await openEventStream(app.url + PATH, options)).status
  t.equal(await statusOf({}), 401)
  t.equal(await statusOf({ token: 'garbage' }), 401)
  t.equal(await statusOf({ token: tokenFor({ scope: 'runs:write' }) }), 403)
  t.equal(await statusOf({ token: tokenFor(), headers: { accept: 'application/json' } }), 406)
  t.equal((await app.call(PATH, { method: 'HEAD' })).status, 404)
})

t.test('a stream that can not go on says why and when to come back', TOGETHER, async (t) => {
  const app = await buildApp(t, { MAX_STREAMS_PER_SUBJECT: '1', STREAM_MAX_AGE_S: '8', DRAIN_MS: '0' })
  const lasting = await buildApp(t, { DRAIN_MS: '0' })
  const aged = await watch(app)
  const refused = await watch(app)
  await refused.ended
  t.match(refused.text(), /^retry: 2000\nretry: \d{5}\nevent: stream_close\ndata: \{"reason":"limit"\}\n\n$/)
  const expired = await watch(lasting, { claims: { exp: Math.floor(Date.now() / 1000) + 8 } })
  await Promise.all([aged.ended, expired.ended])
  t.match(aged.frames.at(-1), { event: 'stream_close', data: '{"reason":"max_age"}' })
  t.match(expired.frames.at(-1), { event: 'stream_close', data: '{"reason":"token_expired"}' })
  await waitUntil('the places are free', () => app.app.streamLimits.open === 0)

  const open = await watch(app)
  await open.waitFor(isSnapshot)
  await app.close()
  await open.ended
  t.match(open.text(), /\n\nretry: \d+\nevent: stream_close\ndata: \{"reason":"shutdown"\}\n\n$/)
})

t.test('an idle stream gets a comment, and both its ends are logged', TOGETHER, async (t) => {
  const app = await buildApp(t, { STREAM_HEARTBEAT_MS: '40' })
  const stream = await watch(app)
  await waitUntil('two comments came', () => stream.comments.length >= 2)
  stream.destroy()
  await waitUntil('the end is logged', () => app.log().includes('feed ended'))
  const lines = app.log().trim().split('\n').map((line) => JSON.parse(line)).filter(({ msg }) => /^feed /.test(msg))
  t.match(lines, [{ msg: 'feed opened', subject: 'watcher' }, { msg: 'feed ended', subject: 'watcher', frames: 1, reason: 'client' }])
  t.equal(lines.length, 2)
  t.match(await (await app.call('/metrics')).text(), /^runcast_open_streams 0$/m)
})

t.test('what one replica appends is told by all, on no connection of its own, also after the hints broke off', TOGETHER, async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const [writer, reader] = [await buildApp(t, { REDIS_URL: server.url }), await buildApp(t, { REDIS_URL: server.url })]
  const before = await connections(server)
  const streams = await Promise.all(Array.from({ length: 5 }, () => watch(reader)))
  for (const stream of streams) await stream.waitFor(isSnapshot)
  t.strictSame(await connections(server), before)
  for (let round = 0; round < 3; round++) {
    const [id] = await writer.publish('shared', log(`round ${round}`))
    await client.client('KILL', 'TYPE', 'PUBSUB')
    for (const stream of streams) await stream.waitFor(isUpdateTo(id))
  }
  await waitUntil('one channel is subscribed', async () => (await client.pubsub('CHANNELS', '*:changed')).length === 1)
  for (const stream of streams) stream.destroy()
  await waitUntil('nothing is subscribed any more', async () => (await client.pubsub('CHANNELS', '*:changed')).length === 0)
})

t.test('while Redis is away streams stay open and new ones are told to come back; then all go on', TOGETHER, async (t) => {
  const server = await startRedis(t, { args: ['--appendonly', 'yes'] })
  const app = await buildApp(t, { REDIS_URL: server.url, POSITION_CHECK_MS: '1000' })
  const stream = await watch(app)
  await stream.waitFor(isSnapshot)
  await server.stop()
  const refused = await watch(app)
  await refused.ended
  t.match(refused.text(), /^retry: 2000\nretry: \d{4,5}\nevent: stream_close\ndata: \{"reason":"unavailable"\}\n\n$/)
  await server.start()
  await waitUntil('the service is ready', async () => (await app.call('/health/ready')).status === 200)
  const [id] = await app.publish('after', log('1'))
  await stream.waitFor(isUpdateTo(id))
  stream.destroy()
})

async function list (app: App): Promise<{ runs: unknown[] }> {
  return await (await app.call('/api/v1/workflow-runs')).json() as { runs: unknown[] }
}

/** The names of the service's connections. */
async function connections (server: RedisServer): Promise<string[]> {
  const list = String(await server.client().client('LIST'))
  return [...list.matchAll(/ name=(runcast:\S+)/g)].map(([, name = '']) => name).sort()
}
