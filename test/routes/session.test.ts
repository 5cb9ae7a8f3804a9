import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ask, type Answer, type Ask } from '../helpers/http/http.ts'
import { buildApp, type App } from '../helpers/service/app.ts'
import { inSeconds, signed, token, withPrivateKey } from '../helpers/service/tokens.ts'

const SESSION = '/api/v1/session'
const RUNS = '/api/v1/workflow-runs'
const HOUR = 3_600

/** `name=value` of the cookie that an answer sets. */
function cookieOf ({ headers }: Answer): string {
  return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''
}

function attributesOf ({ headers }: Answer): string[] {
  return (headers['set-cookie']?.[0] ?? '').split('; ').slice(1).filter((attribute) => !attribute.startsWith('Max-Age')).sort()
}

function maxAgeOf ({ headers }: Answer): number {
  return Number(/Max-Age=(\d+)/.exec(headers['set-cookie']?.[0] ?? '')?.[1])
}

function portOf (service: App): string {
  return new URL(service.url).port
}

function isAbout (actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= 60
}

/** Asks as a page of the service itself would. */
function fromPage (service: App, options: Ask & { cookie?: string } = {}): Promise<Answer> {
  const cookie: Record<string, string> = options.cookie === undefined ? {} : { cookie: options.cookie }
  return ask(service.url + SESSION, { ...options, headers: { 'sec-fetch-site': 'same-origin', ...cookie, ...options.headers } })
}

function codeOf (url: string | null): string {
  return /^http:\/\/127\.0\.0\.1:\d+\/login#code=([A-Za-z0-9_-]{22})$/.exec(url ?? '')?.[1] ?? ''
}

t.test('a token becomes a session that ends with the token', async (t) => {
  const service = await buildApp(t)
  const exp = inSeconds(HOUR)
  const bearer = token({ sub: 'ada', exp, scope: 'runs:read', tenant: 'acme', run_ids: ['build-*'], email: 'ada@example.com' })
  for (const options of [{ body: { token: bearer } }, { headers: { authorization: `Bearer ${bearer}` } }]) {
    const started = await fromPage(service, { method: 'POST', ...options })
    t.equal(started.status, 201)
    t.strictSame(attributesOf(started), ['HttpOnly', 'Path=/', 'SameSite=Lax'])
    t.ok(isAbout(maxAgeOf(started), HOUR))
    t.equal(cookieOf(started).split('=')[0], `runcast_${portOf(service)}`)
    t.equal(started.headers['cache-control'], 'no-store')
    const session = { subject: 'ada', tenant: 'acme', scopes: ['runs:read'], expires_at: new Date(exp * 1000).toISOString(), via: 'cookie' }
    t.strictSame(JSON.parse(started.body), session)

    const asked = await fromPage(service, { cookie: cookieOf(started) })
    t.equal(asked.status, 200)
    t.strictSame(JSON.parse(asked.body), session)
    t.equal((await ask(`${service.url}${RUNS}/build-1`, { headers: { cookie: cookieOf(started) } })).status, 404, 'permitted, but not there')
    t.equal((await ask(`${service.url}${RUNS}/other`, { headers: { cookie: cookieOf(started) } })).status, 403)
    t.notMatch(cookieOf(started), bearer, 'the cookie is a token of the service itself')
    t.notMatch(Buffer.from(cookieOf(started).split('.')[1] ?? '', 'base64url').toString(), 'example.com')
  }
})

t.test('a caller for whom a gateway vouches needs no session, and the gateway\'s header counts more than a cookie', async (t) => {
  const service = await buildApp(t)
  const cookie = cookieOf(await fromPage(service, { method: 'POST', body: { token: token({ sub: 'ada' }) } }))
  const exp = inSeconds(HOUR)
  const headers = { authorization: `Bearer ${token({ sub: 'grace', exp, scope: 'runs:read' })}` }
  for (const options of [{ headers }, { headers, cookie }]) {
    const asked = await fromPage(service, options)
    t.strictSame(JSON.parse(asked.body), {
      subject: 'grace', tenant: null, scopes: ['runs:read'], expires_at: new Date(exp * 1000).toISOString(), via: 'bearer'
    })
    t.equal(asked.headers['set-cookie'], undefined)
  }
})

t.test('with a configured issuer and audience the session is as good as the token', async (t) => {
  const service = await buildApp(t, { JWT_ISSUER: 'issuer', JWT_AUDIENCE: 'runcast' })
  const started = await fromPage(service, { method: 'POST', body: { token: token({ iss: 'issuer', aud: ['runcast', 'other'] }) } })
  t.equal((await fromPage(service, { cookie: cookieOf(started) })).status, 200)
})

t.test('a service that can not sign puts the token itself into the cookie', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const service = await buildApp(t, { JWT_SECRET: '', JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString() })
  const bearer = signed({ alg: 'ES256' }, { sub: 'ada', exp: inSeconds(HOUR), scope: 'runs:read' }, withPrivateKey(privateKey))
  const started = await fromPage(service, { method: 'POST', body: { token: bearer } })
  t.equal(cookieOf(started), `runcast_${portOf(service)}=${bearer}`)
  t.equal((await fromPage(service, { cookie: cookieOf(started) })).status, 200)
  const again = await fromPage(service, { method: 'POST', cookie: cookieOf(started) })
  t.equal(cookieOf(again), cookieOf(started))
})

t.test('behind a trusted proxy with https the cookie is secure and bound to the host', async (t) => {
  const service = await buildApp(t, { TRUST_PROXY: 'true' })
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'runs.example' }
  const started = await fromPage(service, { method: 'POST', body: { token: token() }, headers })
  t.equal(cookieOf(started).split('=')[0], '__Host-runcast')
  t.strictSame(attributesOf(started), ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'])
  t.equal((await fromPage(service, { cookie: cookieOf(started), headers })).status, 200)
  const { 'sec-fetch-site': _, ...plain } = { 'sec-fetch-site': '', ...headers, cookie: cookieOf(started) }
  t.equal((await ask(service.url + SESSION, { method: 'DELETE', headers: { ...plain, origin: 'https://runs.example' } })).status, 204)
  t.equal((await ask(service.url + SESSION, { method: 'DELETE', headers: { ...plain, origin: service.url } })).status, 403)

  const direct = await buildApp(t)
  t.equal(cookieOf(await fromPage(direct, { method: 'POST', body: { token: token() }, headers })).split('=')[0], `runcast_${portOf(direct)}`, 'who is not trusted does not decide')
})

t.test('the cookies of two services on one host do not meet', async (t) => {
  const one = await buildApp(t)
  const two = await buildApp(t)
  const cookie = cookieOf(await fromPage(one, { method: 'POST', body: { token: token() } }))
  t.equal((await fromPage(one, { cookie })).status, 200)
  t.equal((await fromPage(two, { cookie })).status, 401)
})

t.test('a bad token starts no session', async (t) => {
  const service = await buildApp(t)
  const rows: Array<[options: Ask, status: number, code: string]> = [
    [{}, 401, 'unauthorized'],
    [{ body: {} }, 401, 'unauthorized'],
    [{ body: { token: token({}, 'another secret') } }, 401, 'token_invalid'],
    [{ body: { token: token({ exp: inSeconds(-1) }) } }, 401, 'token_expired'],
    [{ body: { token: 'x'.repeat(9_000) } }, 401, 'token_invalid'],
    [{ body: { code: 'A'.repeat(22) } }, 401, 'login_code_invalid'],
    [{ body: { token: token({ run_ids: Array.from({ length: 500 }, (_, n) => `run-${n}`) }) } }, 400, 'session_too_large'],
    [{ body: { token: '' } }, 400, 'invalid_request'],
    [{ body: { token: {} } }, 400, 'invalid_request'],
    [{ body: { token: token(), code: 'A'.repeat(22) } }, 400, 'invalid_request'],
    [{ body: { token: token(), more: true } }, 400, 'invalid_request'],
    [{ body: [token()] }, 400, 'invalid_request'],
    [{ headers: { authorization: `Bearer ${token({ exp: 1 })}` } }, 401, 'token_expired']
  ]
  for (const [options, status, code] of rows) {
    const answer = await fromPage(service, { method: 'POST', ...options })
    t.equal(answer.status, status, code)
    t.equal(JSON.parse(answer.body).code, code)
    t.equal(answer.headers['set-cookie'], undefined)
    t.equal(answer.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined)
  }
})

t.test('a session starts with JSON only, which a form of another site can not send', async (t) => {
  const service = await buildApp(t)
  const body = JSON.stringify({ token: token() })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain; charset=application/json']) {
    const answer = await ask(service.url + SESSION, { method: 'POST', body, headers: { 'content-type': type } })
    t.ok([400, 415].includes(answer.status), type)
    t.equal(answer.headers['set-cookie'], undefined, type)
  }
  t.not((await ask(service.url + SESSION, { method: 'POST', body })).status, 201, 'no type')
  t.equal((await ask(service.url + SESSION, { method: 'POST', body, headers: { 'content-type': 'application/json' } })).status, 201)
})

t.test('a session changes nothing for a page of another site', async (t) => {
  const service = await buildApp(t)
  const cookie = cookieOf(await fromPage(service, { method: 'POST', body: { token: token() } }))
  const json = { 'content-type': 'application/json' }
  const rows: Array<[name: string, headers: Record<string, string>, status: number]> = [
    ['no proof', { ...json }, 403],
    ['same origin by Sec-Fetch-Site', { ...json, 'sec-fetch-site': 'same-origin' }, 201],
    ['same site, another port', { ...json, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }, 403],
    ['cross site', { ...json, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['equal Origin', { ...json, origin: service.url }, 201],
    ['another Origin', { ...json, origin: 'https://evil.example' }, 403],
    ['Origin null', { ...json, origin: 'null' }, 403],
    ['a form', { 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' }, 403],
    ['a bearer header needs no proof', { ...json, authorization: `Bearer ${token()}` }, 201],
    ['a bad bearer header is not mended by the cookie', { ...json, authorization: 'Bearer x', 'sec-fetch-site': 'same-origin' }, 401]
  ]
  for (const [name, headers, status] of rows) {
    const answer = await ask(`${service.url}${RUNS}/build-1/events`, { method: 'POST', body: '{"payload":1}', headers: { cookie, ...headers } })
    t.equal(answer.status, status, name)
    if (status === 403) t.equal(JSON.parse(answer.body).code, 'cross_site', name)
  }
  t.equal((await ask(`${service.url}${RUNS}/build-1`, { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status, 200, 'reading changes nothing')
})

t.test('ending a session clears its cookie, also when it is no good any more', async (t) => {
  const service = await buildApp(t)
  const cookie = cookieOf(await fromPage(service, { method: 'POST', body: { token: token() } }))
  for (const given of [cookie, `runcast_${portOf(service)}=spoilt`, undefined]) {
    const ended = await fromPage(service, { method: 'DELETE', ...(given === undefined ? {} : { cookie: given }) })
    t.equal(ended.status, 204)
    t.equal(cookieOf(ended), `runcast_${portOf(service)}=`)
    t.equal(maxAgeOf(ended), 0)
    t.ok(attributesOf(ended).includes('Path=/'))
  }
  const headers = { cookie, origin: service.url, 'content-type': 'application/json' }
  t.equal((await ask(service.url + SESSION, { method: 'DELETE', headers })).status, 204, 'an empty body of a type')
  const foreign = await ask(service.url + SESSION, { method: 'DELETE', headers: { cookie, 'sec-fetch-site': 'cross-site' } })
  t.equal(foreign.status, 403)
  t.equal(foreign.headers['set-cookie'], undefined)
})

t.test('the login code of the development start gives one session of a day, which can be renewed', async (t) => {
  const service = await buildApp(t, { JWT_SECRET: '' })
  const code = codeOf(await service.app.developmentLogin())
  t.not(code, '')
  const started = await fromPage(service, { method: 'POST', body: { code } })
  t.equal(started.status, 201)
  t.ok(isAbout(maxAgeOf(started), 24 * HOUR))
  t.match(JSON.parse(started.body), { subject: 'local', tenant: null, scopes: ['runs:read', 'runs:write', 'runs:admin', 'workflows:run'] })

  const again = await fromPage(service, { method: 'POST', body: { code } })
  t.equal(again.status, 401)
  t.equal(JSON.parse(again.body).code, 'login_code_invalid')

  const renewed = await fromPage(service, { method: 'POST', cookie: cookieOf(started) })
  t.equal(renewed.status, 201)
  t.ok(isAbout(maxAgeOf(renewed), 24 * HOUR))
  t.equal((await fromPage(service, { cookie: cookieOf(renewed) })).status, 200)
  t.equal((await ask(service.url + SESSION, { method: 'POST', headers: { cookie: cookieOf(started) } })).status, 403, 'not by another site')
})

t.test('a session from a token is not made longer', async (t) => {
  const service = await buildApp(t, { JWT_SECRET: '' })
  const { secret } = JSON.parse(readFileSync(join(service.directory, 'dev.json'), 'utf8'))
  const started = await fromPage(service, { method: 'POST', body: { token: token({ exp: inSeconds(60) }, secret) } })
  const again = await fromPage(service, { method: 'POST', cookie: cookieOf(started) })
  t.equal(again.status, 201)
  t.ok(maxAgeOf(again) <= 60)

  const configured = await buildApp(t)
  const claimed = await fromPage(configured, { method: 'POST', body: { token: token({ exp: inSeconds(60), development_login: true }) } })
  t.ok(maxAgeOf(await fromPage(configured, { method: 'POST', cookie: cookieOf(claimed) })) <= 60, 'whatever the token says')
})

t.test('an admin gets login codes with the same rights', async (t) => {
  const service = await buildApp(t, { JWT_SECRET: '' })
  const { secret } = JSON.parse(readFileSync(join(service.directory, 'dev.json'), 'utf8'))
  const request = (claims: Record<string, unknown>) =>
    ask(`${service.url}${SESSION}/login-codes`, { method: 'POST', headers: { authorization: `Bearer ${token(claims, secret)}` } })

  const answer = await request({ sub: 'ada', run_ids: ['build-*'] })
  t.equal(answer.status, 201)
  const { code, url, expires_at: expiresAt } = JSON.parse(answer.body)
  t.equal(url, `${service.url}/login#code=${code}`)
  t.ok(isAbout((Date.parse(expiresAt) - Date.now()) / 1000, 600))
  const started = await fromPage(service, { method: 'POST', body: { code } })
  t.equal(JSON.parse(started.body).subject, 'ada')
  t.equal((await ask(`${service.url}${RUNS}/other`, { headers: { cookie: cookieOf(started) } })).status, 403)

  t.equal((await request({ scope: 'runs:read runs:write' })).status, 403)
  t.equal((await ask(`${service.url}${SESSION}/login-codes`, { method: 'POST' })).status, 401)
})

t.test('with a configured key there are no login codes', async (t) => {
  const service = await buildApp(t)
  t.equal(await service.app.developmentLogin(), null)
  t.equal((await ask(`${service.url}${SESSION}/login-codes`, { method: 'POST', headers: { authorization: `Bearer ${token()}` } })).status, 404)
})

t.test('no line of the log holds a token, a cookie or a login code', async (t) => {
  const service = await buildApp(t, { JWT_SECRET: '' })
  const { secret } = JSON.parse(readFileSync(join(service.directory, 'dev.json'), 'utf8'))
  const code = codeOf(await service.app.developmentLogin())
  const bearer = token({}, secret)
  await fromPage(service, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"code":"${code}` })
  await fromPage(service, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `${bearer}` })
  await fromPage(service, { method: 'POST', body: { code: { code } } })
  await fromPage(service, { method: 'POST', body: { [bearer]: code } })
  const cookie = cookieOf(await fromPage(service, { method: 'POST', body: { code } })).split('=')[1] ?? ''
  await fromPage(service, { method: 'POST', body: { code } })
  await fromPage(service, { method: 'POST', body: { token: bearer } })
  await ask(`${service.url}/login?code=${code}`)
  await ask(`${service.url}${SESSION}/login-codes`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } })
  await fromPage(service, { cookie: `runcast_${portOf(service)}=${cookie}` })
  t.match(service.log(), /"status":201/)
  for (const text of [code, bearer, cookie, secret]) {
    t.not(text, '')
    t.notMatch(service.log(), text)
  }
})
