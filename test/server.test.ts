import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { temporaryDirectory, tokenFor } from './helpers/service/app.ts'
import { startServer } from './helpers/service/server-process.ts'
import { TEST_SECRET } from './helpers/service/tokens.ts'

const LISTENING = /"msg":"Server listening at (http:\/\/127\.0\.0\.1:\d+)"/
const FASTIFY_CLI = 'node_modules/fastify-cli/cli.js'
const authorization = `Bearer ${tokenFor()}`

t.test('a development start prints its address and one login URL, and a signal stops it', async (t) => {
  const server = startServer(t, { PORT: '0', DATA_DIR: await temporaryDirectory(t) })
  const [, url = ''] = await server.printed(/Runcast is up: (http:\/\/127\.0\.0\.1:\d+)\n/)
  const [, code] = await server.printed(/Log in with: {3}http:\/\/127\.0\.0\.1:\d+\/login#code=([\w-]{20,})\n/)
  const session = await fetch(`${url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ code }) })
  t.equal(session.status, 201)
  server.kill('SIGINT')
  t.equal(await server.exited, 0)
  t.equal(server.stderr(), '')
})

t.test('a stop tells open streams, answers what is under way, and takes less than five seconds', async (t) => {
  const server = startServer(t, { PORT: '0', DATA_DIR: await temporaryDirectory(t), JWT_SECRET: TEST_SECRET })
  const [, url = ''] = await server.printed(LISTENING)
  const streams = await Promise.all(Array.from({ length: 10 }, () => fetch(`${url}/api/v1/workflow-runs/r/stream`, { headers: { authorization } })))
  t.same(streams.map(({ status }) => status), Array.from({ length: 10 }, () => 200))
  const start = Date.now()
  server.kill('SIGTERM')
  for (const text of await Promise.all(streams.map((stream) => stream.text()))) {
    t.match(text, /event: stream_close\ndata: \{"reason":"shutdown"\}\n\n$/)
  }
  t.equal(await server.exited, 0)
  t.ok(Date.now() - start < 20_000)
  const lines = server.stdout().trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.equal(lines.filter(({ msg }) => msg === 'stream ended').length, 10)
  t.match(lines.find(({ msg }) => msg === 'stopping'), { signal: 'SIGTERM' })
  t.notMatch(server.stdout(), 'Runcast is up')
})

t.test('the first line of the log tells the facts of the start, and the second the variables that are no settings', async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const server = startServer(t, { NODE_ENV: 'production', PORT: '0', DATA_DIR, JWT_SECRET: TEST_SECRET, RUN_ID: '1', REDIS_HOST: 'x', REDIS_PORT: 'tcp://10.0.0.1:6379' })
  await server.printed(LISTENING)
  const [first, second] = server.stdout().split('\n').slice(0, 2).map((line) => JSON.parse(line) as Record<string, unknown>)
  t.match(first, { level: 30, msg: /^Runcast \d+\.\d+\.\d+: embedded log in /, store: { kind: 'embedded', path: DATA_DIR }, authentication: 'hs256_secret', ingest: 'none', processes: 1 })
  t.match(second, { level: 40, variables: ['REDIS_HOST', 'RUN_ID'], msg: /REDIS_HOST, RUN_ID/ })
  t.notMatch(server.stdout(), TEST_SECRET)
})

t.test('a start that can not succeed ends with one sentence for each reason', async (t) => {
  t.test('wrong settings', async (t) => {
    const server = startServer(t, { PORT: 'x', RUN_TTL_S: '-1' })
    t.equal(await server.exited, 1)
    t.match(server.stderr(), /^The configuration has 2 mistakes:\n {2}- PORT .+\n {2}- RUN_TTL_S .+\n$/)
    t.equal(server.stdout(), '')
  })

  t.test('a wrong name of a setting, and no place for the log in production', async (t) => {
    const misnamed = startServer(t, { NODE_ENV: 'production', JWT_SECRET: TEST_SECRET, REDIS_URI: 'redis://x' })
    t.equal(await misnamed.exited, 1)
    t.equal(misnamed.stderr(), 'The configuration has 1 mistake:\n  - REDIS_URI is not a setting: rename it to REDIS_URL, or unset it.\n')
    const placeless = startServer(t, { NODE_ENV: 'production', JWT_SECRET: TEST_SECRET, REDIS_PORT: 'tcp://10.0.0.1:6379' })
    t.equal(await placeless.exited, 1)
    t.match(placeless.stderr(), /^The configuration has 1 mistake:\n {2}- NODE_ENV=production needs a place for the log: .*\n$/)
  })

  t.test('a port in use', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.teardown(() => other.close())
    const { port } = other.address() as AddressInfo
    const server = startServer(t, { PORT: String(port), DATA_DIR: await temporaryDirectory(t) })
    t.equal(await server.exited, 1)
    t.equal(server.stderr(), `Something else listens on 127.0.0.1 port ${port}. Stop it, or set PORT.\n`)
  })

  t.test('a data directory in use', async (t) => {
    const DATA_DIR = await temporaryDirectory(t)
    const first = startServer(t, { PORT: '0', DATA_DIR, JWT_SECRET: TEST_SECRET })
    await first.printed(LISTENING)
    const second = startServer(t, { PORT: '0', DATA_DIR, JWT_SECRET: TEST_SECRET })
    t.equal(await second.exited, 1)
    t.match(second.stderr(), `The data directory ${DATA_DIR} is in use by process ${first.pid}.`)
    const third = startServer(t, { PORT: '0', DATA_DIR }, FASTIFY_CLI, 'start', '-l', 'info', '-o', 'app.ts')
    await third.exited
    t.match(third.stdout(), `The data directory ${DATA_DIR} is in use by process ${first.pid}.`)
    const printed = startServer(t, { DATA_DIR }, FASTIFY_CLI, 'print-routes', 'app.ts')
    t.equal(await printed.exited, 0, 'to print the routes the directory is not needed')
    t.match(printed.stdout(), /:run_id[^]*\/events \(GET, POST\)/)
  })
})

t.test('fastify-cli starts the service', async (t) => {
  const started = startServer(t, { PORT: '0', DATA_DIR: await temporaryDirectory(t) }, FASTIFY_CLI, 'start', '-l', 'info', '-o', 'app.ts')
  const [, port] = await started.printed(/Log in with: {3}http:\/\/[^/]+:(\d+)\/login#code=/)
  t.equal((await fetch(`http://localhost:${port}/health/ready`)).status, 200)
  started.kill('SIGTERM')
  t.equal(await started.exited, 0)
})
