import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import t from 'tap'
import { createPublisher } from '@runcast/client'
import { createOwnFetch } from '../../../services/engine/own-fetch.ts'
import { buildApp, type App } from '../../helpers/app.ts'

const ownFetch = ({ app }: App) => createOwnFetch((request, response) => app.routing(request, response))
const publisherOf = (app: App, tenant: string) => createPublisher({
  url: 'http://localhost', fetch: ownFetch(app), getToken: () => app.app.ownToken({ sub: 'engine', scope: 'runs:write', tenant })
})

t.test('the client package publishes through it, whatever key the service has', async (t) => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  for (const settings of [{}, { JWT_SECRET: '', JWT_PUBLIC_KEY: publicKey }, { JWT_SECRET: '' }]) {
    const app = await buildApp(t, settings)
    const publisher = publisherOf(app, 'acme')
    const id = await publisher.run('r').status('running')
    t.match(id, /^\d+-1$/)
    const state = await app.app.runLog.readRun('r')
    t.match(state, { status: 'running', tenant: 'acme' })
    await publisher.close()
    t.notMatch(app.log(), /"level":30[^\n]*request answered/, 'its requests do not fill the log')
  }
})

t.test('a token that nobody issued is refused, and a refusal reaches the client', async (t) => {
  const app = await buildApp(t, { MAX_EVENT_BYTES: '1024' })
  const fetch = ownFetch(app)
  const publisher = createPublisher({ url: 'http://localhost', fetch, token: 'nobody' })
  await t.rejects(publisher.run('r').status('running'), { name: 'RuncastError', status: 401, code: 'token_invalid' })
  await t.rejects(publisherOf(app, 'acme').run('r').log('x'.repeat(2_000)), { status: 413, code: 'event_too_large' })
})

t.test('what the service is told while it closes is stored', async (t) => {
  const app = await buildApp(t)
  const publisher = publisherOf(app, 'acme')
  let isStored = false
  app.app.onDrain(async () => {
    await publisher.run('r').log('the last word')
    isStored = (await app.app.runLog.readRun('r'))?.lastLog === 'the last word'
  })
  await app.close()
  t.ok(isStored)
})

t.test('requests that are not those of a client are refused, and signals end requests', async (t) => {
  const server = createServer()
  const fetch = createOwnFetch((request, response) => server.emit('request', request, response))
  await t.rejects(fetch('http://localhost/', { method: 'PUT' }), TypeError)
  await t.rejects(fetch('http://localhost/', { method: 'POST', body: new Uint8Array(1) }), TypeError)
  await t.rejects(fetch('http://localhost/', { signal: AbortSignal.abort() }), { name: 'AbortError' })
  const abort = new AbortController()
  const answered = fetch('http://localhost/', { signal: abort.signal })
  abort.abort()
  await t.rejects(answered, { name: 'AbortError' })
})

t.test('an answer is that of the handler: status, headers, text', async (t) => {
  const fetch = createOwnFetch((request, response) => {
    response.writeHead(request.method === 'DELETE' ? 204 : 201, { 'x-seen': `${request.headers['x-given']} ${request.url}` })
    response.end(request.method === 'DELETE' ? undefined : 'ü')
  })
  const response = await fetch('http://localhost/a?b=c', { method: 'POST', body: '{}', headers: { 'X-Given': '1' } })
  t.equal(response.status, 201)
  t.equal(response.headers.get('x-seen'), '1 /a?b=c')
  t.equal(await response.text(), 'ü')
  t.equal((await fetch(new URL('http://localhost/'), { method: 'DELETE' })).status, 204)
})
