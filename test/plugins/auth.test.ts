import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { ask } from '../helpers/http/http.ts'
import { buildApp, type App } from '../helpers/service/app.ts'
import { hmac, inSeconds, signed, TEST_SECRET, token, withPrivateKey } from '../helpers/service/tokens.ts'

const SESSION = '/api/v1/session'
const RUNS = '/api/v1/workflow-runs'
const HEADER = { alg: 'HS256', typ: 'JWT' }
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pemOf = ({ publicKey }: typeof rsa) => publicKey.export({ type: 'spki', format: 'pem' }).toString()

function get (service: App, bearer: string, path = SESSION) {
  return ask(service.url + path, { headers: { authorization: `Bearer ${bearer}` } })
}

function publish (service: App, bearer: string, runId: string) {
  return ask(`${service.url}${RUNS}/${runId}/events`, { method: 'POST', headers: { authorization: `Bearer ${bearer}` }, body: { payload: 1 } })
}

async function isRefused (t: Test, service: App, bearer: string, code: string, name: string) {
  const { status, headers, body } = await get(service, bearer)
  t.equal(status, 401, `${name}: status`)
  t.equal(headers['www-authenticate'], 'Bearer', `${name}: challenge`)
  t.equal(JSON.parse(body).code, code, `${name}: code`)
  t.equal(bearer.length > 8 && body.includes(bearer), false, `${name}: not echoed`)
}

t.test('a good token names its caller', async (t) => {
  const service = await buildApp(t)
  const exp = inSeconds(60)
  const { status, headers, body } = await get(service, token({ sub: 'ada', exp, scope: 'runs:read', tenant: 'acme' }))
  t.equal(status, 200)
  t.equal(headers['www-authenticate'], undefined)
  t.strictSame(JSON.parse(body), { subject: 'ada', tenant: 'acme', scopes: ['runs:read'], expires_at: new Date(exp * 1000).toISOString(), via: 'bearer' })
})

t.test('every bad token is 401 with a challenge, never 500', async (t) => {
  const service = await buildApp(t)
  const claims = { sub: 'ada', exp: inSeconds(60), scope: 'runs:admin' }
  const sign = hmac(TEST_SECRET)
  const good = signed(HEADER, claims, sign)
  const [header = '', payload = '', signature = ''] = good.split('.')
  t.equal((await get(service, good)).status, 200)

  const bad: Record<string, string> = {
    empty: '',
    'one part': 'token',
    'two parts': `${header}.${payload}`,
    'four parts': `${good}.${signature}`,
    'alg none': signed({ alg: 'none' }, claims, () => ''),
    'alg None': signed({ alg: 'None' }, claims, () => ''),
    'alg none with a signature': signed({ alg: 'none' }, claims, sign),
    'no alg': signed({ typ: 'JWT' }, claims, sign),
    'alg HS384': signed({ alg: 'HS384' }, claims, hmac(TEST_SECRET, 'sha384')),
    'alg HS512': signed({ alg: 'HS512' }, claims, hmac(TEST_SECRET, 'sha512')),
    'alg RS256': signed({ alg: 'RS256' }, claims, withPrivateKey(rsa.privateKey)),
    'alg an array': signed({ alg: ['HS256'] }, claims, sign),
    'no signature': `${header}.${payload}.`,
    'another secret': signed(HEADER, claims, hmac('another secret')),
    'an empty secret': signed(HEADER, claims, hmac('')),
    'a changed payload': `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url')}.${signature}`,
    'a padded signature': `${good}==`,
    'a truncated signature': good.slice(0, -4),
    'crit unknown': signed({ ...HEADER, crit: ['exp'], exp: 1 }, claims, sign),
    'crit empty': signed({ ...HEADER, crit: [] }, claims, sign),
    'an array header': signed([HEADER], claims, sign),
    'a header that is no JSON': signed('{', claims, sign),
    'an array payload': signed(HEADER, [claims], sign),
    'a string payload': signed(HEADER, '"ada"', sign),
    'a null payload': signed(HEADER, 'null', sign),
    'a payload that is no JSON': signed(HEADER, '{"sub":', sign),
    'no sub': signed(HEADER, { ...claims, sub: undefined }, sign),
    'sub a number': signed(HEADER, { ...claims, sub: 5 }, sign),
    'no exp': signed(HEADER, { ...claims, exp: undefined }, sign),
    'exp a string': signed(HEADER, { ...claims, exp: String(claims.exp) }, sign),
    'exp null': signed(HEADER, { ...claims, exp: null }, sign),
    'exp without end': signed(HEADER, '{"sub":"ada","exp":1e400}', sign),
    'exp in milliseconds': signed(HEADER, { ...claims, exp: claims.exp * 1000 }, sign),
    'exp in the prototype': signed(HEADER, `{"sub":"ada","__proto__":{"exp":${claims.exp}}}`, sign),
    'nbf in the future': signed(HEADER, { ...claims, nbf: inSeconds(30) }, sign),
    'nbf without end': signed(HEADER, `{"sub":"ada","exp":${claims.exp},"nbf":1e400}`, sign),
    'nbf a string': signed(HEADER, { ...claims, nbf: 'soon' }, sign),
    'scope an array': signed(HEADER, { ...claims, scope: ['runs:read'] }, sign),
    'run_ids a string': signed(HEADER, { ...claims, run_ids: 'build-1' }, sign),
    'tenant with a brace': signed(HEADER, { ...claims, tenant: 'a}b' }, sign),
    'too long': signed(HEADER, { ...claims, more: 'x'.repeat(8_192) }, sign)
  }
  for (const [name, bearer] of Object.entries(bad)) await isRefused(t, service, bearer, 'token_invalid', name)
  await isRefused(t, service, signed(HEADER, { ...claims, exp: inSeconds(0) }, sign), 'token_expired', 'expired now')
  await isRefused(t, service, signed(HEADER, { ...claims, exp: inSeconds(-86_400) }, sign), 'token_expired', 'expired long ago')
  await isRefused(t, service, signed(HEADER, { ...claims, exp: 0 }, sign), 'token_expired', 'expired at the beginning')
})

t.test('an issuer whose clock is a little ahead is tolerated, in nbf alone', async (t) => {
  const service = await buildApp(t)
  t.equal((await get(service, token({ nbf: inSeconds(3) }))).status, 200)
  t.equal((await get(service, token({ exp: inSeconds(-1) }))).status, 401)
})

t.test('the times of a token are exact, also when its signature is known already', async (t) => {
  const service = await buildApp(t)
  const changesAt = inSeconds(2)
  const rows: Array<[name: string, bearer: string, before: number, after: number]> = [
    ['exp', token({ exp: changesAt }), 200, 401],
    ['nbf, five seconds of which are tolerated', token({ nbf: changesAt + 5 }), 401, 200]
  ]
  await Promise.all(rows.map(async ([name, bearer, before, after]) => {
    for (let status = before; status === before;) {
      const sentAt = Date.now()
      status = (await get(service, bearer)).status
      if (sentAt >= changesAt * 1000) t.equal(status, after, name)
      else if (Date.now() < changesAt * 1000 && status !== before) t.fail(`${name}: ${status} too early`)
    }
  }))
})

t.test('with a public key only its own algorithm is taken, and the key is no secret', async (t) => {
  for (const [alg, pair, other] of [['RS256', rsa, ec], ['ES256', ec, rsa]] as const) {
    const service = await buildApp(t, { JWT_SECRET: '', JWT_PUBLIC_KEY: pemOf(pair) })
    const claims = { sub: 'ada', exp: inSeconds(60), scope: 'runs:read' }
    t.equal((await get(service, signed({ alg }, claims, withPrivateKey(pair.privateKey)))).status, 200, alg)
    const bad: Record<string, string> = {
      'HS256 with the public key': signed({ alg: 'HS256' }, claims, hmac(pemOf(pair))),
      'HS256 with the public key, trimmed': signed({ alg: 'HS256' }, claims, hmac(pemOf(pair).trim())),
      'the other kind of key': signed({ alg }, claims, withPrivateKey(other.privateKey)),
      'the other algorithm': signed({ alg: alg === 'RS256' ? 'ES256' : 'RS256' }, claims, withPrivateKey(other.privateKey)),
      'alg none': signed({ alg: 'none' }, claims, () => ''),
      'no signature': signed({ alg }, claims, () => ''),
      PS256: signed({ alg: 'PS256' }, claims, withPrivateKey(pair.privateKey)),
      RS512: signed({ alg: 'RS512' }, claims, withPrivateKey(pair.privateKey)),
      'a signature of zeros': signed({ alg }, claims, () => Buffer.alloc(alg === 'RS256' ? 256 : 64).toString('base64url'))
    }
    for (const [name, bearer] of Object.entries(bad)) await isRefused(t, service, bearer, 'token_invalid', `${alg}: ${name}`)
  }
})

t.test('a configured issuer and audience must be in the token', async (t) => {
  const service = await buildApp(t, { JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'runcast' })
  const good = { iss: 'https://issuer.example', aud: 'runcast' }
  t.equal((await get(service, token(good))).status, 200)
  t.equal((await get(service, token({ ...good, aud: ['other', 'runcast'] }))).status, 200)
  const bad = [
    {}, { iss: good.iss }, { aud: good.aud }, { ...good, iss: 'https://issuer.example.evil' }, { ...good, aud: 'other' }, { ...good, aud: [] },
    { ...good, iss: null }, { ...good, iss: [good.iss] }, { ...good, aud: 5 }, { ...good, aud: { runcast: true } }
  ]
  for (const claims of bad) await isRefused(t, service, token(claims), 'token_invalid', JSON.stringify(claims))
})

t.test('without credentials the answer is 401, whatever the header looks like', async (t) => {
  const service = await buildApp(t)
  const none = await ask(service.url + SESSION)
  t.equal(none.status, 401)
  t.equal(none.headers['www-authenticate'], 'Bearer')
  t.equal(none.headers['content-type'], 'application/problem+json; charset=utf-8')
  t.equal(JSON.parse(none.body).code, 'unauthorized')
  const good = token()
  for (const authorization of ['Bearer', 'Bearer ', `Bearer ${good} ${good}`, `Bearer\t${good}`, `Basic ${good}`, good, `Token ${good}`, `Bearer ${good},`]) {
    t.equal((await ask(service.url + SESSION, { headers: { authorization } })).status, 401, authorization.slice(0, 12))
  }
  for (const authorization of [`bearer ${good}`, `BEARER  ${good}`]) {
    t.equal((await ask(service.url + SESSION, { headers: { authorization } })).status, 200, authorization.slice(0, 8))
  }
})

t.test('a token in the URL is refused, also beside a good header', async (t) => {
  const service = await buildApp(t)
  for (const name of ['access_token', 'token', 'jwt']) {
    const { status, body } = await ask(`${service.url}${SESSION}?${name}=${token()}`, { headers: { authorization: `Bearer ${token()}` } })
    t.equal(status, 400, name)
    t.equal(JSON.parse(body).code, 'token_in_url', name)
  }
})

t.test('a scope that is missing is 403', async (t) => {
  const service = await buildApp(t)
  const rows: Array<[scope: string | undefined, write: number, read: number]> = [
    ['runs:admin', 201, 200], ['runs:read runs:write', 201, 200], ['runs:write', 201, 403], ['runs:read', 403, 200],
    [undefined, 403, 403], ['', 403, 403], ['openid', 403, 403]
  ]
  for (const [scope, write, read] of rows) {
    const bearer = token({ scope })
    t.equal((await publish(service, bearer, 'build-1')).status, write, `${scope} writes`)
    const reading = await get(service, bearer, `${RUNS}/build-1`)
    t.equal(reading.status, read, `${scope} reads`)
    if (read === 403) t.equal(JSON.parse(reading.body).code, 'insufficient_scope')
  }
})

t.test('a run that the token does not permit is 403, the same for every run', async (t) => {
  const service = await buildApp(t)
  const bearer = token({ run_ids: ['build-1', 'nightly-*'] })
  for (const runId of ['build-1', 'nightly-7', '%62uild-1']) {
    t.equal((await publish(service, bearer, runId)).status, 201, runId)
    t.equal((await get(service, bearer, `${RUNS}/${runId}`)).status, 200, runId)
  }
  t.equal((await get(service, token({ run_ids: [] }), `${RUNS}/build-1`)).status, 403)
  await publish(service, token(), 'build-2')
  for (const runId of ['build-2', 'build-3', 'build-1%2F..', 'nightly', '*', '%00']) {
    const { status, body } = await get(service, bearer, `${RUNS}/${runId}`)
    t.equal(status, 403, runId)
    const { request_id: _, ...problem } = JSON.parse(body)
    t.strictSame(problem, { type: 'about:blank', title: 'Forbidden', status: 403, code: 'forbidden', detail: 'The token does not permit this run.' })
    t.equal((await publish(service, bearer, runId)).status, 403, runId)
  }
})

t.test('no line of the log holds a credential', async (t) => {
  const service = await buildApp(t)
  const secrets = [token(), token({ exp: 1 }), token({}, 'another secret'), 'not-a-token-at-all']
  for (const secret of secrets) {
    await get(service, secret)
    await ask(`${service.url}${SESSION}?access_token=${secret}`)
    await ask(`${service.url}${SESSION}?ticket=${secret}`)
    await ask(service.url + SESSION, { headers: { cookie: `runcast_${new URL(service.url).port}=${secret}` } })
  }
  t.match(service.log(), /"status":401/)
  for (const secret of [...secrets, TEST_SECRET]) t.notMatch(service.log(), secret)
})
