import t from 'tap'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const RUNS = '/api/v1/workflow-runs'
const change = (status: string) => ({ event_type: 'status_change', payload: { status } })
const bearer = (claims: Record<string, unknown>) => ({ authorization: `Bearer ${tokenFor(claims)}` })

async function alive (app: App, runId: string, headers: Record<string, string> = {}, body?: string): Promise<Response> {
  return await app.call(`${RUNS}/${runId}/alive`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
}

async function run (app: App, runId: string): Promise<Record<string, unknown>> {
  return await (await app.call(`${RUNS}/${runId}`)).json() as Record<string, unknown>
}

t.test('a sign of life is noted in the state of the run, and is no event', async (t) => {
  const app = await buildApp(t)
  await app.publish('a', change('running'))
  const before = await run(app, 'a')
  t.equal(before['last_heard_at'], null)
  const answer = await alive(app, 'a')
  t.equal(answer.status, 204)
  t.equal(await answer.text(), '')
  t.equal(answer.headers.get('runcast-run-finished'), null)
  const after = await run(app, 'a')
  t.match(after['last_heard_at'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.same({ ...after, last_heard_at: null }, before)
  for (const type of ['application/json', 'text/plain']) t.equal((await alive(app, 'a', { 'content-type': type }, type === 'text/plain' ? 'x' : '{}')).status, 204, type)
  t.equal((await alive(app, 'a', { 'content-type': 'application/json' })).status, 204, 'a type without a body')
})

t.test('a finished run stays as it is, and its publisher hears so', async (t) => {
  const app = await buildApp(t)
  await app.publish('a', change('succeeded'))
  const answer = await alive(app, 'a')
  t.equal(answer.status, 204)
  t.equal(answer.headers.get('runcast-run-finished'), 'true')
  t.match(await run(app, 'a'), { last_heard_at: null, status: 'succeeded', events: 1 })
})

t.test('a sign needs the right to write the run', async (t) => {
  const app = await buildApp(t)
  await app.publish('a', change('running'))
  await app.publish('of-acme', change('running'), { tenant: 'acme' })
  t.match(await (await alive(app, 'never')).json(), { status: 404, code: 'run_not_found' })
  t.equal((await app.call(`${RUNS}/never`)).status, 404)
  t.match(await (await alive(app, 'of-acme')).json(), { status: 404, code: 'run_not_found' })
  t.equal((await alive(app, 'of-acme', bearer({ tenant: 'acme' }))).status, 204)
  t.equal((await alive(app, 'a', bearer({ scope: 'runs:read' }))).status, 403)
  t.equal((await alive(app, 'a', bearer({ run_ids: ['b*'] }))).status, 403)
  t.equal((await alive(app, 'a', { authorization: '' })).status, 401)
})

t.test('a silent run ends as lost, one that is heard or never sent a sign does not', async (t) => {
  const app = await buildApp(t, { RUN_LOST_AFTER_S: '1' })
  for (const runId of ['lost', 'heard', 'quiet', 'ended']) await app.publish(runId, change('running'))
  for (const runId of ['lost', 'heard', 'ended']) await alive(app, runId)
  await app.publish('ended', change('succeeded'))
  const beats = setInterval(() => { alive(app, 'heard').catch(() => {}) }, 200)
  t.teardown(() => clearInterval(beats))
  await waitUntil('the run is lost', async () => (await run(app, 'lost'))['terminal'] === true, 15_000)
  t.match(await run(app, 'lost'), { status: 'lost', outcome: 'failed', error: /1 second/, events: 2 })
  const { events } = await (await app.call(`${RUNS}/lost/events`)).json() as { events: unknown[] }
  t.match(events.at(-1), { event_type: 'status_change', payload: { status: 'lost', previous_status: 'running', reason: /1 second/ } })
  t.match(await run(app, 'heard'), { status: 'running', terminal: false })
  t.match(await run(app, 'quiet'), { status: 'running', terminal: false, last_heard_at: null })
  t.match(await run(app, 'ended'), { status: 'succeeded', events: 2 })
  t.match(await (await app.call(`${RUNS}/lost/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(change('running')) })).json(), {
    run: { status: 'lost', terminal: true }
  })
})
