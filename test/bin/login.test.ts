import { createHmac } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { findService } from '../../bin/connection.ts'
import { problem, startStandIn } from '../../packages/client/test/support/stand-in-service.ts'
import { temporaryFolder } from '../helpers/service/executed-run.ts'
import { runcast } from '../helpers/service/runcast-command.ts'

const SECRET = 'a secret that the service has made for itself'

/** A DATA_DIR in which a development service has left its address and secret. */
async function dataDirectory (t: Test, url: string): Promise<string> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'dev.json'), JSON.stringify({ secret: SECRET, url }))
  return folder
}

function claimsOf (authorization: string | undefined): Record<string, unknown> | null {
  const [header, claims = '', signature] = authorization?.replace(/^Bearer /, '').split('.') ?? []
  const right = createHmac('sha256', SECRET).update(`${header}.${claims}`).digest('base64url')
  return signature === right ? JSON.parse(Buffer.from(claims, 'base64url').toString()) : null
}

test('login prints a new link, asking the local service with a token that it signs itself', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = runcast(t, ['login'], { environment: { DATA_DIR: await dataDirectory(t, service.url) } })
  t.equal(await code, 0)
  t.equal(output.stdout, `${service.url}/login#code=abc\n`)
  const claims = claimsOf(service.requests[0]?.headers.authorization)
  t.match(claims, { sub: 'local', scope: 'runs:read runs:write runs:admin workflows:run' })
  t.ok(Number(claims?.['exp']) > Date.now() / 1000)
})

test('token prints such a token', async (t) => {
  const { code, output } = runcast(t, ['token'], { environment: { DATA_DIR: await dataDirectory(t, 'http://127.0.0.1:1') } })
  t.equal(await code, 0)
  t.match(claimsOf(output.stdout.trim()), { sub: 'local' })
  const unknown = runcast(t, ['token', '--url', 'http://service.invalid'])
  t.equal(await unknown.code, 2)
  t.match(unknown.output.stderr, 'no token is known')
})

test('a given address and token come before the environment, and that before the local service', async (t) => {
  const [given, environment, local] = await Promise.all([startStandIn(t), startStandIn(t), startStandIn(t)])
  const DATA_DIR = await dataDirectory(t, local.url)
  await runcast(t, ['login', '--url', given.url, '--token', 'g'], { environment: { DATA_DIR, RUNCAST_URL: environment.url, RUNCAST_TOKEN: 'e' } }).code
  await runcast(t, ['login'], { environment: { DATA_DIR, RUNCAST_URL: `${environment.url}/`, RUNCAST_TOKEN: 'e' } }).code
  await runcast(t, ['login'], { environment: { DATA_DIR } }).code
  t.same([given, environment, local].map((service) => service.requests.length), [1, 1, 1])
  t.equal(given.requests[0]?.headers.authorization, 'Bearer g')
  t.equal(environment.requests[0]?.headers.authorization, 'Bearer e')
})

test('the settings that count are those of the service: empty ones do not, those of its .env file do', async (t) => {
  const clone = await temporaryFolder(t)
  await writeFile(join(clone, '.env'), 'DATA_DIR=elsewhere\n')
  await mkdir(join(clone, 'elsewhere'))
  await writeFile(join(clone, 'elsewhere', 'dev.json'), JSON.stringify({ secret: SECRET, url: 'http://127.0.0.1:1' }))
  const service = await findService({}, { RUNCAST_URL: '', RUNCAST_TOKEN: '', DATA_DIR: '' }, clone)
  t.equal(service.url, 'http://127.0.0.1:1')
  t.match(claimsOf(await service.getToken?.()), { sub: 'local' })
})

test('the local secret does not leave the machine', async (t) => {
  const { code, output } = runcast(t, ['login', '--url', 'http://service.invalid'], { environment: { DATA_DIR: await dataDirectory(t, 'http://127.0.0.1:1') } })
  t.equal(await code, 2)
  t.match(output.stderr, 'Nothing answers at http://service.invalid')
})

test('when nothing answers, or the token is not accepted, it says what to do', async (t) => {
  const service = await startStandIn(t)
  service.next.other.push(problem(401, 'token_invalid'))
  const environment = { DATA_DIR: await dataDirectory(t, service.url) }
  const refused = runcast(t, ['login'], { environment })
  t.equal(await refused.code, 2)
  t.match(refused.output.stderr, 'Set RUNCAST_TOKEN')
  await service.stop()
  const alone = runcast(t, ['login'], { environment })
  t.equal(await alone.code, 2)
  t.match(alone.output.stderr, /Nothing answers at http:\/\/127\.0\.0\.1:\d+\. Start the service with `npm start` in /)
})

test('a dev.json without an address, or that holds something else, is said', async (t) => {
  const DATA_DIR = await dataDirectory(t, 'http://127.0.0.1:1')
  await writeFile(join(DATA_DIR, 'dev.json'), JSON.stringify({ secret: SECRET }))
  const early = runcast(t, ['login'], { environment: { DATA_DIR } })
  t.equal(await early.code, 2)
  t.match(early.output.stderr, /no service is known: start one with `npm start` in /)
  await writeFile(join(DATA_DIR, 'dev.json'), '{"url":1}')
  const { code, output } = runcast(t, ['login'], { environment: { DATA_DIR } })
  t.equal(await code, 2)
  t.match(output.stderr, 'does not hold the secret of a service')
})

test('help is given on request, and for every command', async (t) => {
  for (const args of [['--help'], [], ['exec', '--help'], ['tail', '--help']]) {
    const { code, output } = runcast(t, args)
    t.equal(await code, 0)
    t.match(output.stdout, 'Usage: runcast <command>')
  }
})
