import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ask } from '../helpers/http/http.ts'
import { buildApp, temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'

const SESSION = '/api/v1/session'

/** The service without a token key. */
async function developmentStart (t: Test, settings: Record<string, string> = {}) {
  const service = await buildApp(t, { JWT_SECRET: '', ...settings })
  return { ...service, port: Number(new URL(service.url).port) }
}

function developmentFile (directory: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(directory, 'dev.json'), 'utf8'))
}

t.test('dev.json gives the address and the secret to its owner alone', async (t) => {
  const directory = await temporaryDirectory(t)
  const service = await developmentStart(t, { DATA_DIR: directory })
  const { secret, ...rest } = developmentFile(directory)
  t.strictSame(rest, { url: service.url, pid: process.pid })
  t.equal(statSync(join(directory, 'dev.json')).mode & 0o777, 0o600)
  const { status } = await ask(`${service.url}/api/v1/session`, { headers: { authorization: `Bearer ${token({}, String(secret))}` } })
  t.equal(status, 200)
})

t.test('tokens and sessions survive a restart, and dev.json follows the port', async (t) => {
  const directory = await temporaryDirectory(t)
  const first = await developmentStart(t, { DATA_DIR: directory })
  const { secret } = developmentFile(directory)
  const started = await ask(first.url + SESSION, { method: 'POST', body: { code: (await first.app.developmentLogin())?.split('=')[1] } })
  const [, value] = started.headers['set-cookie']?.[0]?.split(/[=;]/) ?? []
  await first.close()

  const second = await developmentStart(t, { DATA_DIR: directory })
  t.strictSame(developmentFile(directory), { secret, url: second.url, pid: process.pid })
  t.equal((await ask(second.url + SESSION, { headers: { cookie: `runcast_${second.port}=${value}` } })).status, 200)
  t.equal((await ask(second.url + SESSION, { headers: { authorization: `Bearer ${token({}, String(secret))}` } })).status, 200)
})

t.test('another data directory has another secret', async (t) => {
  const directory = await temporaryDirectory(t)
  await developmentStart(t, { DATA_DIR: join(directory, 'a') })
  const service = await developmentStart(t, { DATA_DIR: join(directory, 'b') })
  const { secret } = developmentFile(join(directory, 'a'))
  t.equal((await ask(service.url + SESSION, { headers: { authorization: `Bearer ${token({}, String(secret))}` } })).status, 401)
})

t.test('an issuer or audience without a key does not lock the development start out', async (t) => {
  const directory = await temporaryDirectory(t)
  const service = await developmentStart(t, { DATA_DIR: directory, JWT_ISSUER: 'issuer', JWT_AUDIENCE: 'runcast' })
  const { secret } = developmentFile(directory)
  t.equal((await ask(service.url + SESSION, { headers: { authorization: `Bearer ${token({}, String(secret))}` } })).status, 200)
})

t.test('only the bound host is answered, since a page can make its own name resolve to this machine', async (t) => {
  const service = await developmentStart(t)
  const { port } = service
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    t.equal((await ask(`${service.url}/health/live`, { headers: { host } })).status, 200, host)
  }
  for (const host of [`evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`, 'localhost', `0.0.0.0:${port}`]) {
    const { status, body } = await ask(`${service.url}/health/live`, { headers: { host } })
    t.equal(status, 421, host)
    t.equal(JSON.parse(body).code, 'misdirected_request')
  }
  const forwarded = { host: `evil.example:${port}`, 'x-forwarded-host': `localhost:${port}` }
  t.equal((await ask(`${service.url}/health/live`, { headers: forwarded })).status, 421)
  const missing = { host: `evil.example:${port}`, authorization: 'Bearer x' }
  t.equal((await ask(`${service.url}/nowhere`, { headers: missing })).status, 421, 'also where there is nothing')
})

t.test('with an IPv6 address the URLs have brackets', async (t) => {
  const directory = await temporaryDirectory(t)
  const service = await developmentStart(t, { DATA_DIR: directory, HOST: '::1' })
  t.match(developmentFile(directory), { url: `http://[::1]:${service.port}` })
  t.match(await service.app.developmentLogin(), `http://[::1]:${service.port}/login#code=`)
  t.equal((await ask(`http://[::1]:${service.port}/health/live`)).status, 200)
})

t.test('with a key there is no dev.json, and any Host is answered', async (t) => {
  const directory = await temporaryDirectory(t)
  const service = await buildApp(t)
  t.throws(() => developmentFile(directory), { code: 'ENOENT' })
  t.equal((await ask(`${service.url}/health/live`, { headers: { host: 'runs.example' } })).status, 200)
})
