import t from 'tap'
import { rawRequest } from '../helpers/http/raw-request.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'

const RUNS = '/api/v1/workflow-runs'
const bearer = (claims: Record<string, unknown>) => ({ authorization: `Bearer ${tokenFor(claims)}` })

interface Listed { runs: { run_id: string, status: string | null }[], cursor: string | null }

async function list (app: App, query = '', headers: Record<string, string> = {}): Promise<Listed> {
  const response = await app.call(RUNS + query, { headers })
  if (response.status !== 200) throw new Error(`${response.status} for ${query}`)
  return await response.json() as Listed
}

const names = ({ runs }: Listed) => runs.map((run) => run.run_id)

t.test('a run is what its events made of it', async (t) => {
  const app = await buildApp(t)
  const ids = await app.publish('build-1', [
    { event_type: 'status_change', payload: { status: 'QUEUED', name: 'Nightly', retry_of: 'build-0', workflow: 'nightly', workflow_version: '2.1.0' } },
    { event_type: 'status_change', payload: { status: 'running' } },
    { event_type: 'status_change', payload: { status: 'running', step: 'compile', name: 'Compile' } },
    { event_type: 'log', payload: { message: 'compiling' } },
    { event_type: 'status_change', payload: { status: 'failed', step: 'compile' } },
    { event_type: 'status_change', payload: { status: 'Failed', error: { code: 2 } } },
    { event_type: 'status_change', payload: { status: 'running' } }
  ])
  const response = await app.call(`${RUNS}/build-1`)
  t.equal(response.status, 200)
  t.equal(response.headers.get('cache-control'), 'no-store')
  const run = await response.json() as Record<string, string>
  t.match(run, {
    run_id: 'build-1',
    name: 'Nightly',
    status: 'failed',
    terminal: true,
    error: { code: 2 },
    events: 7,
    counts: { status_change: 6, log: 1 },
    steps: [{ step: 'compile', name: 'Compile', status: 'failed' }],
    last_log: 'compiling',
    first_event_id: ids[0] ?? '',
    last_event_id: ids[6] ?? '',
    retry_of: 'build-0',
    workflow: { name: 'nightly', version: '2.1.0' }
  })
  for (const time of ['created_at', 'started_at', 'finished_at', 'updated_at']) t.match(run[time], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, time)

  await app.publish('build-2', { payload: 1 })
  t.match(await (await app.call(`${RUNS}/build-2`)).json(), {
    name: null, status: null, terminal: false, error: null, started_at: null, finished_at: null, steps: [], last_log: null, retry_of: null, workflow: null
  })
})

t.test('runs are listed by last change, page after page', async (t) => {
  const app = await buildApp(t)
  t.same(await list(app), { runs: [], cursor: null })
  for (const runId of ['a', 'b', 'c', 'd', 'a']) {
    await app.publish(runId, { event_type: 'status_change', payload: { status: runId === 'b' ? 'Failed' : 'running' } })
  }
  t.same(names(await list(app)).toSorted(), ['a', 'b', 'c', 'd'])
  t.equal(names(await list(app))[0], 'a')
  t.same(names(await list(app, '?status=FAILED')), ['b'])
  t.same(names(await list(app, '?status=unheard')), [])

  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Listed = await list(app, `?limit=1${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    seen.push(...names(page))
    cursor = page.cursor
  }
  t.same(seen.toSorted(), ['a', 'b', 'c', 'd'])
})

t.test('a run of another tenant does not exist, and a token sees only its runs', async (t) => {
  const app = await buildApp(t)
  await app.publish('ours-1', { payload: 1 }, { tenant: 'acme' })
  await app.publish('ours-2', { payload: 1 }, { tenant: 'acme' })
  await app.publish('nobodys', { payload: 1 })
  t.same(names(await list(app, '', bearer({ tenant: 'acme' }))).toSorted(), ['ours-1', 'ours-2'])
  t.same(names(await list(app, '', bearer({ tenant: 'acme', run_ids: ['*-2'] }))), ['ours-2'])
  t.same(names(await list(app, '', bearer({ tenant: 'other' }))), [])
  t.same(names(await list(app)), ['nobodys'])
  for (const path of ['', '/events', '/events?before=9000000000000-9', '/log']) {
    for (const [runId, headers] of [['ours-1', bearer({ tenant: 'other' })], ['ours-1', {}], ['nobodys', bearer({ tenant: 'acme' })], ['never', {}]] as const) {
      for (const accept of ['application/json', 'application/x-ndjson']) {
        const response = await app.call(`${RUNS}/${runId}${path}`, { headers: { accept, ...headers } })
        t.equal(response.status, 404, `${runId}${path}`)
        t.match(await response.json(), { code: 'run_not_found', detail: 'There is no such run.' })
      }
    }
  }
})

t.test('reading needs its scope, and a token that permits the run', async (t) => {
  const app = await buildApp(t)
  await app.publish('r', { payload: 1 })
  for (const path of ['/r', '/r/events', '/r/log', '']) {
    t.equal((await app.call(RUNS + path, { headers: { authorization: '' } })).status, 401, path)
    t.equal((await app.call(RUNS + path, { headers: bearer({ scope: 'runs:write' }) })).status, 403, path)
    t.equal((await app.call(RUNS + path, { headers: bearer({ scope: 'runs:read' }) })).status, 200, path)
    t.equal((await app.call(RUNS + path, { headers: bearer({ run_ids: ['x', 'r?'] }) })).status, path === '' ? 200 : 403, path)
  }
})

t.test('numbers and cursors that can not be are refused by name', async (t) => {
  const app = await buildApp(t)
  await app.publish('r', { payload: 1 })
  const faults: [string, string][] = [
    ['?limit=0', '/limit'], ['?limit=501', '/limit'], ['?limit=1e9', '/limit'], ['?limit=-1', '/limit'], ['?limit=x', '/limit'], ['?limit=1&limit=2', '/limit'],
    ['?status=', '/status'], [`?status=${'x'.repeat(65)}`, '/status'], ['?cursor=nonsense', '/cursor'],
    ['/r/events?limit=0', '/limit'], ['/r/events?limit=1001', '/limit'], ['/r/events?limit=1e9', '/limit'],
    ['/r/events?after=1', '/after'], ['/r/events?after=01-1', '/after'], ['/r/events?before=-1-1', '/before'], ['/r/events?event_types=a,,b', '/event_types'], ['/r/events?event_types=stream_end', '/event_types']
  ]
  for (const [path, fault] of faults) {
    const response = await app.call(RUNS + path)
    t.equal(response.status, 400, path)
    t.match(await response.json(), { code: 'invalid_request', errors: [{ in: 'query', path: fault }] }, path)
  }
  t.match(await (await app.call(`${RUNS}/r/events?after=9999999999999999-1`)).json(), { status: 400, code: 'invalid_cursor' })
  t.match(await (await app.call(`${RUNS}/r/events?after=0-0&before=1-1`)).json(), { status: 400, code: 'two_cursors' })
})

t.test('what is no run id never reaches the log', async (t) => {
  const app = await buildApp(t)
  const bad = ['%20', '%00', 'a%00', 'a%0d%0ab', 'a%2Fb', '.', '..', '...', '-a', 'a%20b', '%C3%A9', '*', '%7B%7D', 'x'.repeat(201), '%61'.repeat(201), 'x'.repeat(5_000)]
  for (const runId of bad) {
    for (const [method, rest] of [['GET', ''], ['GET', '/events'], ['GET', '/log'], ['GET', '/stream'], ['POST', '/events']] as const) {
      const answer = await rawRequest(app.url, `${RUNS}/${runId}${rest}`, { method, headers: bearer({}) })
      t.ok([400, 404].includes(answer.status), `${method} ${runId.slice(0, 20)}${rest}: ${answer.status}`)
      t.match(answer.headers['content-type'], 'application/problem+json')
    }
  }
  for (const path of [`${RUNS}//events`, `${RUNS}/a/b/events`, `${RUNS}/%zz/events`, `${RUNS}/%c3/events`]) {
    const answer = await rawRequest(app.url, path, { headers: bearer({}) })
    t.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`)
    t.match(answer.headers['content-type'], 'application/problem+json', path)
  }
  t.same((await list(app)).runs, [])
  for (const runId of ['x'.repeat(200), '%61'.repeat(200), 'A.b_c~d-9']) {
    t.equal((await rawRequest(app.url, `${RUNS}/${runId}`, { headers: bearer({}) })).status, 404)
    const response = await app.call(`${RUNS}/${runId}/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"payload":1}' })
    t.equal(response.status, 201)
  }
})
