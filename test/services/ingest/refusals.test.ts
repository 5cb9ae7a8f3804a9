import type { Redis } from 'ioredis'
import t from 'tap'
import { startRedis } from '../../helpers/redis/redis-server.ts'
import { keys } from '../../helpers/run-log/ingest-process.ts'
import { joinIngest } from '../../helpers/run-log/join-ingest.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

interface Refused {
  readonly reason: string
  readonly field: string | null
  readonly bytes: number
  readonly count: number
}

const envelope = (payload: string, rest = '') => `{"event_type":"log","payload":${payload}${rest}}`
const status = (word: string, rest = '') => `{"event_type":"status_change","payload":{"status":"${word}"}${rest}}`

/** The types and payloads in a run's log, in order. */
async function events (client: Redis, runId: string): Promise<Array<[type: string, data: string]>> {
  return (await client.xrange(keys.log(runId), '-', '+')).map(([, fields]) => [fields[1] ?? '', fields[3] ?? ''])
}

async function refusals (client: Redis, runId: string): Promise<Refused[]> {
  return (await events(client, runId)).filter(([type]) => type === 'publish_refused').map(([, data]) => JSON.parse(data) as Refused)
}

const counted = (list: readonly Refused[]) => list.reduce((sum, { count }) => sum + count, 0)

t.test('a message that is no event is counted by reason, and its run shows it', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, logger, holds } = joinIngest(t, server.url)
  await holds()
  const bad: Array<[message: string | Buffer, reason: string, field: string | null]> = [
    ['{secret', 'invalid_json', null],
    ['', 'invalid_json', null],
    [envelope('01'), 'invalid_json', 'payload'],
    ['{"event_type":"log"}', 'invalid_event', 'payload'],
    ['[1]', 'invalid_event', null],
    ['{"event_type":"stream_end","payload":1}', 'invalid_event', 'event_type'],
    ['{"event_type":"publish_refused","payload":1}', 'invalid_event', 'event_type'],
    ['{"event_type":7,"payload":1}', 'invalid_event', 'event_type'],
    [envelope(`"${'x'.repeat(1_100)}"`), 'event_too_large', 'payload'],
    [envelope(`"${'x'.repeat(2_000_000)}"`), 'event_too_large', 'payload'],
    [envelope('['.repeat(65) + ']'.repeat(65)), 'json_too_deep', 'payload'],
    [envelope('['.repeat(20_000) + ']'.repeat(20_000)), 'json_too_deep', 'payload'],
    [Buffer.from('{"payload":"\xff"}', 'latin1'), 'invalid_encoding', null]
  ]
  await client.publish(keys.input('a'), envelope('"good"'))
  for (const [message] of bad) await client.publish(keys.input('a'), message)
  await waitUntil('the run shows all', async () => counted(await refusals(client, 'a')) === bad.length)
  t.match(await events(client, 'a'), [['log', '"good"']])
  const shown = await refusals(client, 'a')
  for (const [, reason, field] of bad) {
    const alike = bad.filter(([, ...fault]) => fault.join() === [reason, field].join())
    const mine = shown.filter((one) => one.reason === reason && one.field === field)
    t.equal(counted(mine), alike.length, `${reason} ${field}`)
    t.equal(mine.reduce((sum, { bytes }) => sum + bytes, 0), alike.reduce((sum, [message]) => sum + Buffer.byteLength(message), 0))
  }
  t.strictSame(ingest.stats().totals, {
    stored: 1, invalid_json: 3, invalid_event: 5, event_too_large: 2, json_too_deep: 2, invalid_encoding: 1
  })
  t.strictSame(logger.lines.filter(({ level }) => level === 'warn'), [], 'the run shows it, so the log need not')
})

t.test('messages that are stored in spite of a fault are counted by it', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, holds } = joinIngest(t, server.url)
  await holds()
  const messages = [
    envelope('{"loss": NaN, "x": -Infinity}'), `\ufeff${envelope('1')}`, envelope('2', ',"event_id":17'),
    `{"event_type":"status_change","payload":{"output":"${'x'.repeat(300_000)}","status":"succeeded"}}`
  ]
  for (const message of messages) await client.publish(keys.input('a'), message)
  await waitUntil('all are stored', () => ingest.stats().totals['stored'] === messages.length)
  t.strictSame((await events(client, 'a')).map(([, data]) => data), [
    '{"loss":null,"x":null}', '1', '2', '{"status":"succeeded","truncated":true,"bytes":300034}'
  ])
  t.equal(await client.hget(keys.run('a'), 'status'), 'succeeded')
  t.strictSame(ingest.stats().mended, { not_finite: 1, byte_order_mark: 1, event_id: 1, truncated: 1 })
})

t.test('a flood of bad messages is one small event a second', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { holds } = joinIngest(t, server.url)
  await holds()
  await client.publish(keys.input('a'), envelope('1'))
  const started = Date.now()
  for (let count = 0; count < 5_000; count++) client.publish(keys.input('a'), `{"event_type":"log","n":${count}}`)
  for (let count = 0; count < 200; count++) client.publish(keys.input('a'), `{"event_type":"log","tenant":"${count % 2}"}`)
  await waitUntil('the run shows all', async () => counted(await refusals(client, 'a')) === 5_000)
  const shown = (await client.xrange(keys.log('a'), '-', '+')).filter(([, fields]) => fields[1] === 'publish_refused')
  const times = new Set(shown.map(([id]) => id.split('-')[0]))
  t.ok(shown.length <= 5 + times.size, `${shown.length} events`)
  t.ok(times.size <= 2 + (Date.now() - started) / 200)
})

t.test('no run but the one that is there, of the tenant that the message names, shows anything', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { ingest, logger, holds } = joinIngest(t, server.url)
  await holds()
  await client.publish(keys.input('owned'), envelope('1', ',"tenant":"acme"'))
  await client.publish(keys.input('free'), envelope('1'))
  const bad: Array<[runId: string, message: string]> = [
    ['never', '{"secret":1}'],
    ['owned', '{"secret":1}'],
    ['owned', '{"secret":1,"tenant":"other"}'],
    ['owned', '{secret'],
    ['free', '{"secret":1,"tenant":"acme"}'],
    ['owned', '{"tenant":"acme"}'],
    ['free', '{"tenant":7,"payload":1}']
  ]
  for (const [runId, message] of bad) await client.publish(keys.input(runId), message)
  const names = ['', 'a b', '{a}', 'a'.repeat(201)]
  for (const name of names) await client.publish(keys.input(name), envelope('"secret"'))
  await waitUntil('all are told or dropped', async () => logger.lines.filter(({ level }) => level === 'warn').length === 7)
  await waitUntil('both runs show their own', async () => (await refusals(client, 'owned')).length + (await refusals(client, 'free')).length === 2)
  t.strictSame((await refusals(client, 'owned')).map(({ field, count }) => [field, count]), [['payload', 1]])
  t.strictSame((await refusals(client, 'free')).map(({ field, count }) => [field, count]), [['tenant', 1]])
  t.strictSame((await client.keys('*never*')), [], 'a message to no run leaves nothing in Redis')
  t.strictSame(ingest.stats().totals, { stored: 2, invalid_event: 6, invalid_json: 1, invalid_run_id: 4 })
  t.strictSame(logger.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['run_id']).sort(), [...names.map((name) => name.slice(0, 200)), 'free', 'never', 'owned'].sort())
  t.notMatch(JSON.stringify(logger.lines), /secret/)
})

t.test('a run that ends a moment after a refusal shows it, and one whose streams are over does not', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const { logger, holds } = joinIngest(t, server.url)
  await holds()
  await client.publish(keys.input('short'), status('running'))
  await client.publish(keys.input('short'), '{"event_type":"log"}')
  await client.publish(keys.input('short'), status('succeeded'))
  await waitUntil('the run shows it', async () => (await refusals(client, 'short')).length === 1)
  await waitUntil('its grace is nearly over', async () => {
    const [, ms] = /^(\d+)-/.exec(await client.hget(keys.run('short'), 'terminal') ?? '') ?? []
    return Date.now() - Number(ms) > 1_500
  })
  await client.publish(keys.input('short'), '{"event_type":"log"}')
  await waitUntil('it is logged', () => logger.lines.some(({ fields }) => fields['run_id'] === 'short'))
  t.equal((await refusals(client, 'short')).length, 1)
})

t.test('of two processes one shows a refusal, and the other takes over those that are not shown yet', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const first = joinIngest(t, server.url, 60_000)
  await first.holds()
  const second = joinIngest(t, server.url, 2_000)
  await waitUntil('the second stands by', () => second.ingest.stats().role === 'standby')
  await client.publish(keys.input('a'), envelope('1'))
  for (let count = 0; count < 3; count++) await client.publish(keys.input('a'), '{"event_type":"log"}')
  await waitUntil('the first shows them', async () => counted(await refusals(client, 'a')) === 3)
  await client.publish(keys.input('a'), '{"event_type":"log"}')
  await client.publish(keys.input('a'), envelope('"last"'))
  await client.del(keys.lease)
  await second.holds()
  await client.publish(keys.input('b'), envelope('1'))
  await client.publish(keys.input('b'), '{"event_type":"log"}')
  await waitUntil('all are shown', async () => counted(await refusals(client, 'b')) === 1 && counted(await refusals(client, 'a')) >= 4)
  // A refusal that were kept twice would be shown with the next.
  await client.publish(keys.input('a'), '{"event_type":"log"}')
  await waitUntil('one more is shown', async () => counted(await refusals(client, 'a')) >= 5)
  t.equal(counted(await refusals(client, 'a')), 5, 'each once')
  t.strictSame((await events(client, 'a')).filter(([type]) => type === 'log').map(([, data]) => data), ['1', '"last"'])
})
