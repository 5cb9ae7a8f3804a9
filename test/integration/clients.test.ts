import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { codeOf } from '../helpers/client-code.ts'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { portOf } from '../helpers/redis/redis-server.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const log = (message: string) => ({ event_type: 'log', payload: { message } })
const succeeded = { event_type: 'status_change', payload: { status: 'succeeded' } }

/** Each program, and a line of its output for a message. */
const CLIENTS: ReadonlyArray<readonly [title: string, command: string, line: (message: string) => string]> = [
  ['curl', 'bash', (message) => `{"message":"${message.replace('\u2028', '\\u2028')}"}\n`],
  ['Python: requests', '/usr/bin/python3', (message) => `${message}\n`],
  ['Python: httpx', '/usr/bin/python3', (message) => `${message}\n`]
]

/** Starts a gateway that has only a page of its own to say. @returns its port */
async function startGateway (t: Test): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return portOf(server)
}

/** Runs the code of the page. */
function start (t: Test, [title, command]: typeof CLIENTS[number], url: string, token: string) {
  const child = spawn(command, ['-c', codeOf(title)], {
    cwd: t.testdir(),
    env: { PATH: process.env['PATH'], STREAM: `${url}/api/v1/workflow-runs/r/stream`, TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const seen = { output: '', errors: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => { seen.output += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { seen.errors += text })
  return { seen, closed: once(child, 'close') }
}

for (const client of CLIENTS) {
  const [title, , line] = client
  t.test(`${title}: the code of the page follows a run to its end`, async (t) => {
    const app = await buildApp(t, { END_GRACE_MS: '0' })
    await app.publish('r', [log('one')])
    const { seen, closed } = start(t, client, app.url, tokenFor({ scope: 'runs:read' }))
    await waitUntil('it has the first event', () => seen.output === line('one'))
    await app.publish('r', [log('a\u2028b'), succeeded])
    t.equal((await closed)[0], 0)
    t.equal(seen.output, line('one') + line('a\u2028b'))
  })

  t.test(`${title}: the code of the page has every event once over cut connections and a gateway's 502`, async (t) => {
    const app = await buildApp(t, { END_GRACE_MS: '0', STREAM_RETRY_MS: '1' })
    const port = Number(new URL(app.url).port)
    const proxy = await startProxy(t, port)
    const gateway = await startGateway(t)
    await app.publish('r', [log('one'), log('two')])
    proxy.cutAt('"message":"tw')
    const { seen, closed } = start(t, client, `http://127.0.0.1:${proxy.port}`, tokenFor({ scope: 'runs:read' }))
    await waitUntil('it has what is stored', () => seen.output.includes(line('two')))
    t.equal(proxy.passed(), 2, 'cut within an event')
    proxy.retarget(gateway)
    proxy.cut()
    await waitUntil('the gateway has answered', () => proxy.passed() > 2)
    proxy.retarget(port)
    await waitUntil('it has come back', () => app.app.streamLimits.open === 1)
    const passed = proxy.passed()
    proxy.cutAt('event: stream_end')
    await app.publish('r', [log('three'), succeeded])
    t.equal((await closed)[0], 0)
    t.equal(seen.output, line('one') + line('two') + line('three'))
    t.equal(proxy.passed(), passed + 1, 'cut before the end')
  })

  t.test(`${title}: the code of the page ends when its token is refused`, async (t) => {
    const app = await buildApp(t)
    const { seen, closed } = start(t, client, app.url, 'wrong')
    await closed
    t.match(seen, { output: '', errors: /401/ })
  })
}
