import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startProxy } from '../helpers/http/tcp-proxy.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { CLONE } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const PUBLISHERS = [
  { command: 'python3', file: 'publisher.py', name: 'Python example' },
  { command: process.execPath, file: 'publisher.js', name: 'Node example' }
]

const STEPS = ['load', 'sum', 'report']

/** Starts an example that publishes to the run `example`; it is killed at the test's teardown at the latest. */
function startExample (t: Test, command: string, file: string, url: string, token: string) {
  const child = spawn(command, [join(CLONE, 'examples', file), 'example'], {
    env: { PATH: process.env['PATH'], RUNCAST_URL: url, RUNCAST_TOKEN: token },
    stdio: ['ignore', 'inherit', 'pipe']
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => { errors += String(text) })
  const code = once(child, 'close').then(([code]) => Number(code))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await code
  })
  return { code, errors: () => errors }
}

async function storedEvents (app: App): Promise<unknown[]> {
  const response = await app.call('/api/v1/workflow-runs/example/events')
  if (response.status === 404) return []
  const { events } = await response.json() as { events: { event_type: string, payload: unknown }[] }
  return events.map(({ event_type: type, payload }) => [type, payload])
}

const expectedEvents = (name: string) => [
  ['status_change', { status: 'running', name }],
  ...STEPS.flatMap((step) => [
    ['status_change', { status: 'running', step }],
    ['log', { level: 'info', message: `${step} begins` }],
    ['status_change', { status: 'succeeded', step }]
  ]),
  ['result_preview', { content: { characters: 13 } }],
  ['status_change', { status: 'succeeded' }]
]

for (const { command, file, name } of PUBLISHERS) {
  t.test(`${file} stores its events once and in order, though answers are lost`, async (t) => {
    const app = await buildApp(t)
    const proxy = await startProxy(t, Number(new URL(app.url).port))
    proxy.cutAfter(1)
    const { code, errors } = startExample(t, command, file, `http://127.0.0.1:${proxy.port}`, tokenFor())
    await waitUntil('an event is stored, and the publisher has no answer', async () => (await storedEvents(app)).length > 0 && errors() !== '')
    proxy.cutAfter(null)
    t.equal(await code, 0)
    t.match(errors(), /^Attempt 1 /)
    t.same(await storedEvents(app), expectedEvents(name))
  })

  t.test(`${file} ends with the service's refusal`, async (t) => {
    const app = await buildApp(t)
    const { code, errors } = startExample(t, command, file, app.url, 'no token')
    t.equal(await code, 1)
    t.match(errors(), /token/)
    t.same(await storedEvents(app), [])
  })
}
