import t from 'tap'
import { openEventStream } from '../helpers/http/event-stream.ts'
import { buildApp, tokenFor } from '../helpers/service/app.ts'

interface Operation { readonly parameters?: ReadonlyArray<{ readonly name: string, readonly in: string }>, readonly responses: Record<string, { readonly content?: object }> }
interface OpenApi { readonly paths: Record<string, Record<string, Operation>> }

const problemOf = async (response: Response) => ({ status: response.status, ...await response.json() as { code: string, detail: string, errors: unknown } })

t.test('every address of the API refuses a parameter that it does not know, names the nearest, and documents 400', async (t) => {
  const app = await buildApp(t)
  const { paths } = await (await fetch(`${app.url}/documentation/json`)).json() as OpenApi
  const operations = Object.entries(paths).filter(([path]) => path.startsWith('/api/')).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })))
  t.ok(operations.length > 10)
  for (const { path, method, operation } of operations) {
    if ('text/event-stream' in (operation.responses['200']?.content ?? {})) continue
    t.ok('400' in operation.responses, `${method} ${path}`)
    const body = method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{"payload":1}' } : {}
    const { status, code, detail, errors } = await problemOf(await app.call(`${path.replaceAll(/\{\w+\}/g, 'a')}?q=deploy`, { method, ...body }))
    t.match({ status, code, errors }, { status: 400, code: 'invalid_request', errors: [{ in: 'query', path: '/q' }] }, `${method} ${path}`)
    const known = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name)
    t.ok(known.length === 0 ? detail.endsWith('It takes none.') : detail.endsWith(`; all are ${known.join(', ')}.`), detail)
  }
})

t.test('the nearest parameter is the one that was meant', async (t) => {
  const app = await buildApp(t)
  await app.publish('r', [{ payload: 1 }])
  const misspelt: Array<[path: string, nearest: string]> = [
    ['workflow-runs?Limit=3', 'limit'], ['workflow-runs?state=failed', 'status'], ['workflow-runs?curser=1', 'cursor'],
    ['workflow-runs/r/events?event_type=log', 'event_types'], ['workflow-runs/r/events?afer=1-1', 'after'], ['workflows/hello?v=1', 'version']
  ]
  for (const [path, nearest] of misspelt) {
    const { status, detail } = await problemOf(await app.call(`/api/v1/${path}`))
    t.equal(status, 400, path)
    t.match(detail, `The nearest that it knows is ${nearest};`, path)
  }
  t.match(await problemOf(await app.call('/api/v1/workflow-runs/r/events?min_level=error')), { status: 400, detail: /min_level/ })
  t.match(await problemOf(await app.call(`/api/v1/workflow-runs?${'x'.repeat(5_000)}=1`)), { status: 400, errors: [{ path: `/${'x'.repeat(64)}` }] })
  t.match(await problemOf(await app.call('/api/v1/workflow-runs?q=1', { headers: { authorization: '' } })), { status: 401 }, 'who may not ask is told nothing')
})

t.test('streams and pages ignore parameters that they do not know, but no stream takes a token', async (t) => {
  const app = await buildApp(t)
  const token = tokenFor({ sub: 'reader', scope: 'runs:read' })
  for (const path of ['workflow-runs/r/stream', 'run-updates/stream']) {
    const stream = await openEventStream(`${app.url}/api/v1/${path}?_=17&utm_source=x&_=18&q[]=1&q=&__proto__=1`, { token })
    await stream.waitFor(({ event }) => event === 'stream_open' || event === 'runs_snapshot')
    stream.destroy()
    for (const name of ['token', 'access_token', 'jwt']) {
      t.match(await problemOf(await app.call(`/api/v1/${path}?_=17&${name}=${token}`)), { status: 400, code: 'token_in_url' }, name)
    }
  }
  t.equal((await app.call('/api/v1/workflow-runs/r/stream?explain=true&_=17')).status, 200)
  t.equal((await app.call('/health/live?_=17')).status, 200)
})
