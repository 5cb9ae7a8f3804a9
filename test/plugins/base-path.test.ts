import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openEventStream } from '../helpers/http/event-stream.ts'
import { ask } from '../helpers/http/http.ts'
import { buildApp, temporaryDirectory, type App } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const HTML = '<meta name="base-path" content="__BASE_PATH__"><script src="./assets/index-1a2b.js"></script>'
const BROWSER = { accept: 'text/html,*/*;q=0.8' }

async function start (t: Test, settings: Record<string, string>): Promise<App> {
  const uiDirectory = await temporaryDirectory(t)
  await mkdir(join(uiDirectory, 'assets'))
  await Promise.all([writeFile(join(uiDirectory, 'index.html'), HTML), writeFile(join(uiDirectory, 'assets/index-1a2b.js'), 'hello()')])
  return await buildApp(t, { TRUST_PROXY: '127.0.0.1', ...settings }, { uiDirectory })
}

/** Each way in which a gateway may show the service below /runcast. */
const WAYS = [
  { name: 'BASE_PATH, and a gateway that takes the path off', settings: { BASE_PATH: '/runcast' }, path: '', headers: {} },
  { name: 'BASE_PATH, and a gateway that passes the path on', settings: { BASE_PATH: '/runcast/' }, path: '/runcast', headers: {} },
  { name: 'X-Forwarded-Prefix, and a gateway that takes the path off', settings: {}, path: '', headers: { 'x-forwarded-prefix': '/runcast' } },
  { name: 'X-Forwarded-Prefix, and a gateway that passes the path on', settings: {}, path: '/runcast', headers: { 'x-forwarded-prefix': '/runcast' } }
]

for (const { name, settings, path, headers } of WAYS) {
  t.test(`${name}: every address that the service gives is below the path`, async (t) => {
    const app = await start(t, { RUN_MAX_EVENTS: '3', ...settings })
    const at = `${app.url}${path}`

    for (const page of ['/', '/login', '/runs/build-1', '/workflows/hello']) {
      const { status, body } = await ask(at + page, { headers: { ...BROWSER, ...headers } })
      t.equal(status, 200, page)
      t.equal(body, HTML.replace('__BASE_PATH__', '/runcast').replace('./', '/runcast/'), page)
    }
    t.match(await ask(`${at}/assets/index-1a2b.js`, { headers }), { status: 200, body: 'hello()' })
    t.match(await ask(`${at}/nothing`, { headers: { ...BROWSER, ...headers } }), { status: 404, body: '/runcast/assets/' })

    const secure = { ...headers, 'x-forwarded-proto': 'https' }
    const signedIn = await ask(`${at}/api/v1/session`, { method: 'POST', headers: secure, body: { token: token() } })
    const [cookie = ''] = signedIn.headers['set-cookie'] ?? []
    t.match(cookie, /^__Secure-runcast=[^;]+; Max-Age=\d+; Path=\/runcast; HttpOnly; Secure; SameSite=Lax$/)
    const [pair = ''] = cookie.split(';')
    t.match(await ask(`${at}/api/v1/session`, { headers: { ...secure, cookie: pair } }), { status: 200 })
    const signedOut = await ask(`${at}/api/v1/session`, { method: 'DELETE', headers: { ...secure, cookie: pair, 'sec-fetch-site': 'same-origin' } })
    t.match(signedOut.headers['set-cookie'], [/^__Secure-runcast=; .*Path=\/runcast;/])

    const authorization = `Bearer ${token()}`
    const started = await ask(`${at}/api/v1/workflow-runs`, { method: 'POST', headers: { authorization, ...headers }, body: { workflow: 'hello', run_id: 'hello-1', input: { name: 'Ada' } } })
    t.match(started, { status: 202, headers: { location: '/runcast/api/v1/workflow-runs/hello-1' } })
    t.match(JSON.parse(started.body), { url: '/runcast/api/v1/workflow-runs/hello-1', stream_url: '/runcast/api/v1/workflow-runs/hello-1/stream' })

    await app.publish('long', Array.from({ length: 9 }, () => ({ event_type: 'log', payload: { message: 'x'.repeat(10) } })))
    const stream = await openEventStream(`${at}/api/v1/workflow-runs/long/stream`, { token: token(), headers })
    t.teardown(() => stream.destroy())
    const gap = await stream.waitFor(({ event }) => event === 'stream_gap')
    t.equal(JSON.parse(gap.data).history_url, '/runcast/api/v1/workflow-runs/long/events')

    t.match(await ask(`${at}/documentation`, { headers }), { status: 302, headers: { location: '/runcast/documentation/' } })
    t.match(await ask(`${at}/documentation/static/index.html`, { headers }), { status: 302, headers: { location: '/runcast/documentation/' } })
    t.match(await ask(`${at}/documentation/`, { headers }), { status: 200, body: 'src="./static/swagger-ui-bundle.js"' })
    t.same(JSON.parse((await ask(`${at}/documentation/json`, { headers })).body).servers, [{ url: '/runcast' }])
    t.match(await ask(`${app.url}/health/live`), { status: 200 })
  })
}

t.test('followers of one run by two gateways are each told addresses of their own gateway', async (t) => {
  const app = await start(t, { RUN_MAX_EVENTS: '3' })
  await app.publish('long', Array.from({ length: 9 }, () => ({ event_type: 'log', payload: { message: 'x' } })))
  const urls = await Promise.all(['/a', '/b', ''].map(async (prefix) => {
    const headers = prefix === '' ? {} : { 'x-forwarded-prefix': prefix }
    const stream = await openEventStream(`${app.url}/api/v1/workflow-runs/long/stream`, { token: token(), headers })
    t.teardown(() => stream.destroy())
    return JSON.parse((await stream.waitFor(({ event }) => event === 'stream_gap')).data).history_url
  }))
  t.same(urls, ['/a/api/v1/workflow-runs/long/events', '/b/api/v1/workflow-runs/long/events', '/api/v1/workflow-runs/long/events'])
})

t.test('a path that is none, and one from anybody but a trusted gateway, changes nothing', async (t) => {
  const plain = HTML.replace('__BASE_PATH__', '').replace('./', '/')
  const trusting = await start(t, {})
  for (const prefix of ['//evil.example', 'https://evil.example', '/a"><script>alert(1)</script>', '/..', "/a' b", '/a;Domain=evil.example']) {
    const headers = { ...BROWSER, 'x-forwarded-prefix': prefix }
    t.match(await ask(`${trusting.url}/`, { headers }), { status: 200, body: plain }, prefix)
    const signedIn = await ask(`${trusting.url}/api/v1/session`, { method: 'POST', headers: { 'x-forwarded-prefix': prefix }, body: { token: token() } })
    t.match(signedIn.headers['set-cookie'], [/Path=\/;/], prefix)
  }
  const wary = await start(t, { TRUST_PROXY: '192.0.2.1' })
  t.match(await ask(`${wary.url}/`, { headers: { ...BROWSER, 'x-forwarded-prefix': '/runcast' } }), { status: 200, body: plain })
  t.match(await ask(`${wary.url}/runcast/`, { headers: { ...BROWSER, 'x-forwarded-prefix': '/runcast' } }), { status: 404 })
})

t.test('a development start names the path in its links', async (t) => {
  const app = await buildApp(t, { BASE_PATH: '/runcast', JWT_SECRET: '' })
  await waitUntil('it is printed', () => app.printed() !== '')
  t.match(app.printed(), `Runcast is up: ${app.url}/runcast\n`)
  t.match(app.printed(), `${app.url}/runcast/login#code=`)
  t.match(await ask(`${app.url}/runcast/login`, { headers: BROWSER }), { status: 200 })
})
