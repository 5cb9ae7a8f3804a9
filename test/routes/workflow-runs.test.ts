import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { buildWorkflowApp, jq, NAMED, problemOf, RUNS, workflow } from '../helpers/service/workflow-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const hello = workflow('hello', [{ greet: { set: { greeting: jq('"Hello, \\($workflow.input.name)!"') } } }], NAMED)
const slow = workflow('slow', [{ first: { set: { a: 1 } } }, { rest: { wait: 'PT1H' } }, { last: { set: { b: 2 } } }])
const failing = workflow('failing', [
  { fine: { set: { a: 1 } } },
  { breaks: { raise: { error: { type: 'https://example.com/errors/broken', status: 500, title: 'Broken' } } } }
])
const files = { 'hello.json': hello, 'slow.json': slow, 'failing.json': failing }

t.test('a run is taken on, can be seen at once, and its events tell how it goes', async (t) => {
  const app = await buildWorkflowApp(t, files)
  const response = await app.post(RUNS, { workflow: 'hello', input: { name: 'Ada' } })
  t.equal(response.status, 202)
  const started = await response.json() as { run_id: string, url: string, stream_url: string }
  const { run_id: runId } = started
  t.match(runId, /^hello-[0-9a-f]{20}$/)
  t.same(started, { run_id: runId, workflow: 'hello', version: '1.0.0', url: `${RUNS}/${runId}`, stream_url: `${RUNS}/${runId}/stream` })
  t.equal(response.headers.get('location'), started.url)
  t.match(await app.readRun(runId), { name: 'The hello', workflow: { name: 'hello', version: '1.0.0' }, retry_of: null })
  t.match(await app.finished(runId), { status: 'succeeded', steps: [{ step: '/do/0/greet', name: 'greet', status: 'succeeded' }] })
  const stream = await (await app.call(started.stream_url)).text()
  t.match(stream, '"content":{"greeting":"Hello, Ada!"}')
  t.match(stream, 'event: stream_end')
})

t.test('a run that fails says why, and the service goes on', async (t) => {
  const app = await buildWorkflowApp(t, {
    ...files,
    'endless.json': workflow('endless', [{ loop: { set: { a: jq('[range(1e18)] | length') } } }]),
    'huge.json': workflow('huge', [{ much: { set: { a: jq('"x" * 10000000') } } }])
  }, { ENGINE_EXPRESSION_DEADLINE_MS: '8000' })
  const failed = await app.finished((await app.start({ workflow: 'failing' })).run_id)
  t.match(failed, { status: 'failed', error: { type: 'https://example.com/errors/broken', status: 500, title: 'Broken', instance: '/do/1/breaks' } })
  for (const name of ['endless', 'huge']) {
    const run = await app.finished((await app.start({ workflow: name })).run_id)
    t.match(run, { status: 'failed', error: { type: String, status: Number, title: String } }, name)
  }
  t.equal((await app.finished((await app.start({ workflow: 'hello', input: { name: 'Ada' } })).run_id)).status, 'succeeded')
})

t.test('a run is over for all to see whatever its output and its error are like', async (t) => {
  const app = await buildWorkflowApp(t, {
    'deep.json': workflow('deep', [{ make: { set: { deep: jq('reduce range(100) as $level (1; [.])') } } }]),
    'long.json': workflow('long', [{ fail: { raise: { error: { type: 'https://example.com/long', status: 500, title: 'Long', detail: jq('"x" * 300000') } } } }])
  })
  const deep = await app.start({ workflow: 'deep' })
  t.match(await app.finished(deep.run_id), { status: 'succeeded' })
  const long = await app.start({ workflow: 'long' })
  t.match(await app.finished(long.run_id), { status: 'failed' })
  const events = await (await app.call(`${RUNS}/${deep.run_id}/events`, { headers: { accept: 'application/x-ndjson' } })).text()
  t.match(events, /"media_type":"text\/plain"/)
})

t.test('an input that nests too deep is refused', async (t) => {
  const app = await buildWorkflowApp(t, { 'any.json': workflow('any', [{ make: { set: { a: 1 } } }]) })
  for (const [depth, status] of [[64, 202], [65, 400], [400_000, 400]] as const) {
    const response = await app.call(RUNS, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"workflow":"any","input":${'['.repeat(depth)}${']'.repeat(depth)}}`
    })
    t.equal(response.status, status)
    if (status === 400) t.match(await response.json(), { code: 'json_too_deep', errors: [{ path: '/input' }] })
  }
})

t.test('what can not be started is refused, with what to do', async (t) => {
  const app = await buildWorkflowApp(t, files, { ENGINE_MAX_DATA_BYTES: '2000' })
  await app.publish('of-another-engine', { event_type: 'status_change', payload: { status: 'running' } })
  await app.publish('of-another-tenant', { payload: 1 }, { tenant: 'acme' })
  await app.start({ workflow: 'hello', input: { name: 'Ada' }, run_id: 'taken' })
  const rows: Array<[body: unknown, status: number, code: string, paths: string[]]> = [
    [{ workflow: 'unknown' }, 404, 'workflow_not_found', []],
    [{ workflow: 'hello', version: '9.9.9', input: { name: 'Ada' } }, 404, 'workflow_not_found', []],
    [{ workflow: 'hello', input: { name: 'A', count: 9, more: 1 } }, 422, 'input_invalid', ['/input/name', '/input/count', '/input/more']],
    [{ workflow: 'hello', input: {} }, 422, 'input_invalid', ['/input/name']],
    [{ workflow: 'hello', input: null }, 422, 'input_invalid', ['/input']],
    [{ workflow: 'hello' }, 422, 'input_invalid', ['/input/name']],
    [{ workflow: 'slow', input: 'x'.repeat(2_000) }, 413, 'input_too_large', []],
    [{ workflow: 'slow', input: 'x'.repeat(30_000) }, 413, 'body_too_large', []],
    [{ workflow: 'hello', input: { name: 'Ada' }, run_id: 'taken' }, 409, 'run_exists', []],
    [{ workflow: 'hello', input: { name: 'Ada' }, run_id: 'of-another-engine' }, 409, 'run_exists', []],
    [{ workflow: 'hello', input: { name: 'Ada' }, run_id: 'of-another-tenant' }, 409, 'run_exists', []],
    [{ workflow: 'hello', input: { name: 'Ada' }, run_id: 'no run id' }, 400, 'invalid_request', ['/run_id']],
    [{ workflow: 'no_such workflow' }, 404, 'workflow_not_found', []],
    [{ workflow: '../hello' }, 404, 'workflow_not_found', []],
    [{ workflow: 'x'.repeat(129) }, 400, 'invalid_request', ['/workflow']],
    [{ workflow: 'hello', inputs: {} }, 400, 'invalid_request', ['/inputs']],
    [{}, 400, 'invalid_request', ['/workflow']],
    [[], 400, 'invalid_request', ['']]
  ]
  for (const [body, status, code, paths] of rows) {
    const response = await app.post(RUNS, body)
    const problem = await problemOf(response)
    const title = JSON.stringify(body).slice(0, 60)
    t.equal(response.status, status, title)
    t.match(problem, { status, code, detail: /\.$/ }, title)
    for (const path of paths) t.ok(problem.errors?.some((fault) => fault.in === 'body' && fault.path === path && fault.detail !== ''), `${title}: ${path} in ${JSON.stringify(problem.errors)}`)
  }
  t.equal((await app.post(RUNS, undefined, { headers: { 'content-type': 'text/plain' } })).status, 400)
})

t.test('a start that is repeated under its Idempotency-Key starts nothing more', async (t) => {
  const app = await buildWorkflowApp(t, files)
  const headers = { 'idempotency-key': 'key-1' }
  const body = { workflow: 'hello', input: { name: 'Ada' } }
  const first = await app.start(body, { headers })
  t.match(first.run_id, /^hello-[0-9a-f]{20}$/)
  const again = await Promise.all([app.start(body, { headers }), app.start({ input: { name: 'Ada' }, workflow: 'hello', version: '1.0.0' }, { headers })])
  t.same(again, [first, first])
  t.not((await app.start(body, { headers: { 'idempotency-key': 'key-2' } })).run_id, first.run_id)
  t.not((await app.start(body)).run_id, first.run_id)
  for (const other of [{ ...body, input: { name: 'Bob' } }, { ...body, version: '2.0.0' }, { workflow: 'slow', input: { name: 'Ada' } }, { ...body, run_id: 'named' }]) {
    t.match(await problemOf(await app.post(RUNS, other, { headers })), { status: 422, code: 'idempotency_conflict' })
  }
  await app.finished(first.run_id)
  await waitUntil('it is over for the engine too', async () => (await app.post(`${RUNS}/${first.run_id}/cancel`)).status === 409)
  t.match(await problemOf(await app.post(`${RUNS}/${first.run_id}/retry`, undefined, { headers })), { status: 422, code: 'idempotency_conflict' })
  const own = { headers: { 'idempotency-key': 'key-3' } }
  const named = await app.start({ ...body, run_id: 'named' }, own)
  t.same(await app.start({ ...body, run_id: 'named' }, own), named)
  t.match(await problemOf(await app.post(RUNS, body, own)), { status: 422, code: 'idempotency_conflict' })
  t.match(await problemOf(await app.post(RUNS, { ...body, run_id: 'named' }, { headers: { 'idempotency-key': 'key-2' } })), { status: 409, code: 'run_exists' })
  const elsewhere = await app.start(body, { headers, claims: { tenant: 'acme' } })
  t.not(elsewhere.run_id, first.run_id, 'another tenant\'s key is another key')
  await rm(join(app.workflowsDirectory, 'hello.json'))
  await waitUntil('the workflow is gone', async () => (await app.post(RUNS, body)).status === 404)
  t.same(await app.start(body, { headers }), first, 'what was started stays started')
})

t.test('a run is cancelled, once', async (t) => {
  const app = await buildWorkflowApp(t, files)
  const { run_id: runId } = await app.start({ workflow: 'slow' })
  await app.stepIs(runId, '/do/1/rest', 'running')
  const response = await app.post(`${RUNS}/${runId}/cancel`)
  t.equal(response.status, 202)
  t.same(await response.json(), { run_id: runId, url: `${RUNS}/${runId}` })
  t.match(await app.finished(runId), { status: 'cancelled', steps: [{ status: 'succeeded' }, { step: '/do/1/rest', status: 'cancelled' }] })
  await waitUntil('it is over for the engine too', async () => (await app.post(`${RUNS}/${runId}/cancel`)).status === 409)
  t.match(await problemOf(await app.post(`${RUNS}/${runId}/cancel`)), { status: 409, code: 'run_over' })
})

t.test('a run that is over is repeated from its last checkpoint, as a new one', async (t) => {
  const app = await buildWorkflowApp(t, files)
  const { run_id: runId } = await app.start({ workflow: 'failing' })
  await app.finished(runId)
  await waitUntil('it is over for the engine too', async () => (await app.post(`${RUNS}/${runId}/cancel`)).status === 409)
  const headers = { 'idempotency-key': 'again' }
  const response = await app.post(`${RUNS}/${runId}/retry`, undefined, { headers })
  t.equal(response.status, 202)
  const started = await response.json() as { run_id: string }
  t.match(started, { workflow: 'failing', version: '1.0.0', url: `${RUNS}/${started.run_id}` })
  t.not(started.run_id, runId)
  t.equal(response.headers.get('location'), `${RUNS}/${started.run_id}`)
  t.match(await app.finished(started.run_id), { status: 'failed', retry_of: runId, workflow: { name: 'failing' } })
  t.same(await (await app.post(`${RUNS}/${runId}/retry`, undefined, { headers })).json(), started)

  const { run_id: unfinished } = await app.start({ workflow: 'slow' })
  t.match(await problemOf(await app.post(`${RUNS}/${unfinished}/retry`)), { status: 409, code: 'run_not_over' })
})

t.test('only runs of the engine, and of the caller\'s tenant, are cancelled and repeated', async (t) => {
  const app = await buildWorkflowApp(t, files)
  await app.publish('elsewhere', { event_type: 'status_change', payload: { status: 'running' } })
  const { run_id: runId } = await app.start({ workflow: 'slow' }, { claims: { tenant: 'acme' } })
  t.match(await app.readRun(runId, { tenant: 'acme' }), { status: /pending|running/ })
  t.match(await app.readRun(runId), { status: 404 })
  for (const action of ['cancel', 'retry']) {
    t.match(await problemOf(await app.post(`${RUNS}/elsewhere/${action}`)), { status: 409, code: 'run_not_of_engine' })
    t.match(await problemOf(await app.post(`${RUNS}/never/${action}`)), { status: 404, code: 'run_not_found' })
    t.match(await problemOf(await app.post(`${RUNS}/${runId}/${action}`)), { status: 404, code: 'run_not_found' })
    t.match(await problemOf(await app.post(`${RUNS}/${runId}/${action}`, undefined, { claims: { tenant: 'other' } })), { status: 404, code: 'run_not_found' })
  }
  t.equal((await app.post(`${RUNS}/${runId}/cancel`, undefined, { claims: { tenant: 'acme' } })).status, 202)
  t.match(await app.finished(runId, { tenant: 'acme' }), { status: 'cancelled' })
})

t.test('running workflows needs its scope, and a token that permits the run', async (t) => {
  const app = await buildWorkflowApp(t, files)
  const body = { workflow: 'hello', input: { name: 'Ada' } }
  const { run_id: runId } = await app.start({ workflow: 'slow', run_id: 'mine-1' }, { claims: { scope: 'workflows:run', run_ids: ['mine-*'] } })
  for (const [path, sent] of [[RUNS, body], [`${RUNS}/${runId}/cancel`, undefined], [`${RUNS}/${runId}/retry`, undefined]] as const) {
    t.equal((await app.post(path, sent, { headers: { authorization: '' } })).status, 401, path)
    t.equal((await app.post(path, sent, { claims: { scope: 'runs:read runs:write' } })).status, 403, path)
    t.match(await problemOf(await app.post(path, sent, { claims: { scope: 'workflows:run', run_ids: ['other'] } })), { status: 403, code: 'forbidden' }, path)
  }
  t.match(await problemOf(await app.post(RUNS, { ...body, run_id: 'yours' }, { claims: { run_ids: ['mine-*'] } })), { status: 403, code: 'forbidden' })
  t.equal((await app.post(RUNS, { ...body, run_id: 'mine-2' }, { claims: { run_ids: ['mine-*'] } })).status, 202)
})

t.test('a run that was under way goes on when the service starts again', async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const patient = workflow('patient', [{ first: { set: { a: 1 } } }, { rest: { wait: 'PT2S' } }, { last: { set: { b: 2 } } }])
  const app = await buildWorkflowApp(t, { 'patient.json': patient }, { DATA_DIR })
  const { run_id: runId } = await app.start({ workflow: 'patient' })
  await app.stepIs(runId, '/do/1/rest', 'running')
  await app.close()
  const next = await buildWorkflowApp(t, {}, { DATA_DIR })
  const run = await next.finished(runId)
  t.match(run, { status: 'succeeded', steps: [{ name: 'first' }, { name: 'rest', status: 'succeeded' }, { name: 'last', status: 'succeeded' }] })
  const ndjson = await (await next.call(`${RUNS}/${runId}/events`, { headers: { accept: 'application/x-ndjson' } })).text()
  const ends = ndjson.split('\n').filter((line) => line.includes('"status":"succeeded"') && line.includes('/do/0/first'))
  t.equal(ends.length, 1, 'what was finished before is not told again')
})

t.test('runs that are busy when the service stops go on at its next start, without a word of warning', async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const busy = workflow('busy', [{ rounds: { for: { each: 'round', in: jq('[range(40)]') }, do: [{ step: { set: { round: jq('$round') } } }] } }])
  const app = await buildWorkflowApp(t, { 'busy.json': busy }, { DATA_DIR })
  const runs = await Promise.all(Array.from({ length: 20 }, () => app.start({ workflow: 'busy' })))
  const [{ run_id: newest } = { run_id: '' }] = runs.slice(-1)
  await waitUntil('all have begun', async () => ((await (await app.call(`${RUNS}/${newest}`)).json()) as { steps: unknown[] }).steps.length > 0)
  await app.close()
  t.same(app.log().split('\n').filter((line) => /"level":[4-6]0/.test(line) && line.includes('run_id')), [])
  const next = await buildWorkflowApp(t, {}, { DATA_DIR })
  for (const { run_id: runId } of runs) t.match(await next.finished(runId), { status: 'succeeded' })
})
