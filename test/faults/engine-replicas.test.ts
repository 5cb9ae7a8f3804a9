import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { withPrivateKey, signed, inSeconds } from '../helpers/service/tokens.ts'
import { buildWorkflowApp, RUNS, workflow } from '../helpers/service/workflow-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const slow = workflow('slow', [{ first: { set: { a: 1 } } }, { rest: { wait: 'PT1H' } }])
const patient = workflow('patient', [{ first: { set: { a: 1 } } }, { rest: { wait: 'PT10S' } }, { last: { set: { b: 2 } } }])

t.test('with Redis, any replica starts, cancels and goes on with runs', async (t) => {
  const { url } = await startRedis(t)
  const settings = { REDIS_URL: url, ENGINE_LEASE_MS: '1000' }
  const one = await buildWorkflowApp(t, { 'slow.json': slow, 'patient.json': patient }, settings)
  const other = await buildWorkflowApp(t, {}, settings)

  await t.test('a run is cancelled by a replica that does not execute it', async (t) => {
    const { run_id: runId } = await one.start({ workflow: 'slow' })
    await other.stepIs(runId, '/do/1/rest', 'running')
    t.equal((await other.post(`${RUNS}/${runId}/cancel`)).status, 202)
    t.equal((await other.finished(runId)).status, 'cancelled')
  })

  await t.test('a run whose replica stops is gone on with by the other one', async (t) => {
    const { run_id: runId } = await one.start({ workflow: 'patient' })
    await other.stepIs(runId, '/do/1/rest', 'running')
    await one.close()
    t.equal((await other.finished(runId)).status, 'succeeded')
    const events = await (await other.call(`${RUNS}/${runId}/events`, { headers: { accept: 'application/x-ndjson' } })).text()
    const tokens = new Set(events.trim().split('\n').map((line) => (JSON.parse(line) as { payload: { fencing_token: number } }).payload.fencing_token))
    t.ok(tokens.size >= 3, 'two attempts after the beginning')
  })
})

t.test('a service that has only a public key runs workflows', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const app = await buildWorkflowApp(t, { 'patient.json': patient }, { JWT_SECRET: '', JWT_PUBLIC_KEY: publicKey.export({ type: 'spki', format: 'pem' }).toString() })
  const bearer = signed({ alg: 'ES256', typ: 'JWT' }, { sub: 'ada', exp: inSeconds(600), scope: 'runs:admin' }, withPrivateKey(privateKey))
  const headers = { authorization: `Bearer ${bearer}` }
  const response = await app.post(RUNS, { workflow: 'patient' }, { headers })
  t.equal(response.status, 202)
  const { url } = await response.json() as { url: string }
  await waitUntil('the run is over', async () => (await (await app.call(url, { headers })).json() as { status: string }).status === 'succeeded')
})
