import { createServer } from 'node:http'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { replaced, startHaproxy, startNginx } from '../helpers/http/gateways.ts'
import { freePort, portOf, startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp, type App } from '../helpers/service/app.ts'
import { runcast } from '../helpers/service/runcast-command.ts'
import { inSeconds, token } from '../helpers/service/tokens.ts'

t.jobs = 2

/** Runs the doctor on an address. */
async function examine (t: Test, url: string, { bearer = token(), args = [] }: { bearer?: string, args?: readonly string[] } = {}): Promise<{ code: number | null, text: string }> {
  const { code, output } = runcast(t, ['doctor', '--url', url, ...args], { environment: bearer === '' ? {} : { RUNCAST_TOKEN: bearer } })
  return { code: await code, text: `${output.stdout}${output.stderr}` }
}

async function portOfApp (t: Test, settings: Record<string, string> = {}): Promise<number> {
  return Number(new URL((await buildApp(t, settings)).url).port)
}

/** Puts lines into the server of nginx. */
const withLines = (lines: string) => (file: string) => replaced(file, 'client_max_body_size 8m;', `client_max_body_size 8m; ${lines}`)

/** Takes the care for streams out of nginx, as a company's template may. */
const careless = (lines: string) => (file: string) => withLines(lines)(replaced(replaced(file, 'proxy_buffering off;', ''), 'gzip off;', ''))

t.test('directly, and through the gateways as deploy/gateways has them, all is well', async (t) => {
  const port = await portOfApp(t)
  const [nginx, haproxy] = [await startNginx(t, port), await startHaproxy(t, port)]
  for (const url of [`http://127.0.0.1:${port}`, nginx.url, haproxy.url]) {
    const { code, text } = await examine(t, url)
    t.equal(code, 0, text)
    t.match(text, 'The token works: subject tester, scopes runs:read runs:write runs:admin workflows:run.')
    t.match(text, 'Streams pass: 8 of 8 ticks came')
    t.match(text, 'The service keeps its log without Redis.')
  }
})

t.test('nginx that ignores X-Accel-Buffering and compresses: it buffers', async (t) => {
  const gateway = await startNginx(t, await portOfApp(t), careless('proxy_ignore_headers X-Accel-Buffering; gzip on; gzip_types text/event-stream; gzip_proxied any;'))
  const { code, text } = await examine(t, gateway.url)
  t.equal(code, 1, text)
  t.match(text, /found {2}A gateway \(nginx\/[\d.]+\) buffers: 5 ticks that were sent one after the other arrived together/)
  t.match(text, 'proxy_buffering off; gzip off; without proxy_ignore_headers X-Accel-Buffering')
})

t.test('nginx that compresses only: it is told, too', async (t) => {
  const gateway = await startNginx(t, await portOfApp(t), careless('gzip on; gzip_types text/event-stream; gzip_proxied any;'))
  const { code, text } = await examine(t, gateway.url)
  t.equal(code, 1, text)
  t.match(text, /compresses streams \(gzip\)/)
  t.notMatch(text, /buffers|delays/)
})

t.test('HAProxy with its defaults: it delays', async (t) => {
  const gateway = await startHaproxy(t, await portOfApp(t), (file) => replaced(file, 'option http-no-delay', ''))
  const { code, text } = await examine(t, gateway.url)
  t.equal(code, 1, text)
  t.match(text, /found {2}A gateway delays: half of the ticks came at least \d{3} ms after they were sent/)
  t.match(text, 'HAProxy: option http-no-delay')
})

t.test('a gateway that cuts streams, at once or only while they are silent', async (t) => {
  const port = await portOfApp(t, { STREAM_HEARTBEAT_MS: '2000' })
  const hasty = await startNginx(t, port, (file) => replaced(file, 'proxy_read_timeout 60s', 'proxy_read_timeout 100ms'))
  const cut = await examine(t, hasty.url)
  t.equal(cut.code, 1, cut.text)
  t.match(cut.text, /cuts streams: \d of 8 ticks arrived/)
  const impatient = await startNginx(t, port, (file) => replaced(file, 'proxy_read_timeout 60s', 'proxy_read_timeout 1s'))
  const unaware = await examine(t, impatient.url)
  t.equal(unaware.code, 0, unaware.text)
  t.match(unaware.text, 'Silence was not tested. With --idle it takes 2 s.')
  const idle = await examine(t, impatient.url, { args: ['--idle'] })
  t.equal(idle.code, 1, idle.text)
  t.match(idle.text, 'A stream that was silent for 2 s, as STREAM_HEARTBEAT_MS allows, was cut.')
})

t.test('a gateway that removes headers', async (t) => {
  const port = await portOfApp(t)
  // The location of the ticks gets a header of its own, and so loses those of the server.
  const forgetful = await startNginx(t, port, withLines('proxy_set_header Last-Event-ID "";'))
  const { code, text } = await examine(t, forgetful.url)
  t.equal(code, 1, text)
  t.match(text, 'removes the header Last-Event-ID')
  const closed = await startNginx(t, port, withLines('proxy_set_header Authorization "";'))
  const refused = await examine(t, closed.url)
  t.equal(refused.code, 1, refused.text)
  t.match(refused.text, 'The header Authorization does not arrive at the service.')
})

t.test('a gateway that answers by itself', async (t) => {
  const port = await portOfApp(t)
  for (const [line, answer] of [['return 302 https://login.example.com/;', '302 text/html by nginx'], ['return 401;', '401 text/html by nginx'], ['return 403;', '403 text/html by nginx']]) {
    const gateway = await startNginx(t, port, withLines(line ?? ''))
    const { code, text } = await examine(t, gateway.url)
    t.equal(code, 1, text)
    t.match(text, 'answers by itself')
    t.match(text, answer)
  }
})

t.test('where Runcast does not answer it could not test', async (t) => {
  const other = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>It works!</h1>')).listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const foreign = await examine(t, `http://127.0.0.1:${portOf(other)}`)
  t.equal(foreign.code, 2)
  t.match(foreign.text, 'is not Runcast, or it is not reached: the answer is 200 text/html.')
  const lonely = await startNginx(t, await freePort())
  t.match(await examine(t, lonely.url), { code: 2, text: 'the answer is 502 text/html by nginx' })
  t.match(await examine(t, `http://127.0.0.1:${await freePort()}`), { code: 2, text: 'Nothing answers at' })
  t.match(await examine(t, 'nonsense'), { code: 2, text: 'is not the address of a service' })
})

t.test('a token that does not work', async (t) => {
  const { url } = await buildApp(t)
  t.match(await examine(t, url, { bearer: token({ exp: inSeconds(-60) }) }), { code: 1, text: 'The token has expired.' })
  t.match(await examine(t, url, { bearer: 'nonsense' }), { code: 1, text: 'The service does not accept the token.' })
  t.match(await examine(t, url, { bearer: token({ scope: 'runs:write' }) }), { code: 1, text: 'The token lacks the scope runs:read.' })
  const none = runcast(t, ['doctor', '--url', url], { environment: { DATA_DIR: '/nonexistent' } })
  t.equal(await none.code, 2)
  t.match(none.output.stdout, 'No token is known for this service. Set RUNCAST_TOKEN, or give --token.')
})

async function appOnRedis (t: Test, ...args: string[]): Promise<App> {
  const redis = await startRedis(t, { args })
  return await buildApp(t, { REDIS_URL: redis.url })
}

t.test('settings of Redis that are wrong are told to an administrator', async (t) => {
  const app = await appOnRedis(t, '--maxmemory-policy', 'allkeys-lru', '--notify-keyspace-events', 'KEA', '--client-output-buffer-limit', 'pubsub 1mb 1mb 10')
  const { code, text } = await examine(t, app.url, { args: ['--json'] })
  t.equal(code, 1, text)
  const { findings } = JSON.parse(text)
  t.same(findings.map(({ code }: { code: string }) => code), ['redis maxmemory-policy', 'redis appendonly', 'redis notify-keyspace-events', 'redis client-output-buffer-limit'])
  t.match(findings[0], { problem: 'Redis has maxmemory-policy allkeys-lru. When memory is full, Redis drops runs that are still in use.', remedy: 'Set maxmemory-policy noeviction' })
  const reader = await examine(t, app.url, { bearer: token({ scope: 'runs:read' }) })
  t.match(reader, { code: 0, text: 'Redis was not examined, which takes a token with runs:admin.' })
})

t.test('settings of Redis that are right, and those that can not be read', async (t) => {
  const right = await appOnRedis(t, '--appendonly', 'yes')
  t.match(await examine(t, right.url), { code: 0, text: 'The settings of Redis are right.' })
  const silent = await appOnRedis(t, '--appendonly', 'yes', '--rename-command', 'CONFIG', '')
  t.match(await examine(t, silent.url), { code: 0, text: /The Redis user may not use CONFIG GET, so save, min-replicas-to-write, .* could not be checked/ })
  const redis = await startRedis(t, { args: ['--appendonly', 'yes'] })
  await redis.client().call('ACL', 'SETUSER', 'service', 'on', '>secret', '~*', '&workflow_run_events:*', '+@all', '-zadd')
  const poor = await buildApp(t, { REDIS_URL: redis.url.replace('//', '//service:secret@') })
  const { code, text } = await examine(t, poor.url)
  t.equal(code, 1, text)
  t.match(text, /Redis has ACL service ZADD .*The Redis user may not do this/)
})
