import t from 'tap'
import { rawRequest } from '../helpers/http/raw-request.ts'
import { buildApp } from '../helpers/service/app.ts'

const LISTED = 'https://app.example.com'
const preflight = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization,last-event-id' }

t.test('only listed origins get CORS headers, and those may send credentials', async (t) => {
  const app = await buildApp(t, { CORS_ORIGINS: `https://other.example.com ${LISTED}` })
  const allowed = await rawRequest(app.url, '/health/live', { headers: { origin: LISTED } })
  t.match(allowed.headers, { 'access-control-allow-origin': LISTED, 'access-control-allow-credentials': 'true', vary: /Origin/i })
  const asked = await rawRequest(app.url, '/api/v1/workflow-runs/r/stream', { method: 'OPTIONS', headers: { origin: LISTED, ...preflight } })
  t.equal(asked.status, 204)
  t.match(asked.headers['access-control-allow-headers'], /Authorization/)
  t.match(asked.headers['access-control-allow-headers'], /Last-Event-ID/)
  t.match(asked.headers['access-control-allow-headers'], /Idempotency-Key/)

  for (const origin of ['https://evil.example.com', 'null', `${LISTED}.evil.com`, 'http://app.example.com']) {
    const refused = await rawRequest(app.url, '/health/live', { headers: { origin } })
    t.equal(refused.status, 200)
    t.notOk('access-control-allow-origin' in refused.headers, origin)
    t.notOk('access-control-allow-credentials' in refused.headers, origin)
    t.notOk('access-control-allow-origin' in (await rawRequest(app.url, '/health/live', { method: 'OPTIONS', headers: { origin, ...preflight } })).headers)
  }
})

t.test('a page of a listed origin may send the headers of tracing and of wrappers of fetch, but none of a gateway', async (t) => {
  const app = await buildApp(t, { CORS_ORIGINS: LISTED })
  const allowedOf = async (names: string, origin = LISTED) => {
    const headers = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': names }
    const { headers: answer } = await rawRequest(app.url, '/api/v1/workflow-runs/r/events', { method: 'OPTIONS', headers })
    return String(answer['access-control-allow-headers'] ?? '').toLowerCase().split(', ')
  }
  for (const name of ['cache-control', 'traceparent', 'tracestate', 'baggage', 'sentry-trace', 'content-encoding', 'b3', 'x-b3-traceid', 'x-datadog-trace-id', 'newrelic', 'X-Requested-With']) {
    t.ok((await allowedOf(`authorization,${name}`)).includes(name.toLowerCase()), name)
    t.same(await allowedOf(name, 'https://evil.example.com'), [''], `${name} from another origin`)
  }
  const allowed = await allowedOf('x-forwarded-for, Forwarded,x-real-ip,x-mine,no name,,a:b')
  t.same(allowed.filter((name) => /forwarded|real|name|:|^$/.test(name)), [])
  t.ok(allowed.includes('x-mine'))
  const { headers } = await rawRequest(app.url, '/api/v1/workflow-runs', { headers: { origin: LISTED } })
  for (const name of ['X-Request-Id', 'Retry-After', 'Location', 'Content-Disposition']) t.match(headers['access-control-expose-headers'], name)
})

t.test('no origin is listed unless it is configured', async (t) => {
  const app = await buildApp(t)
  const answer = await rawRequest(app.url, '/health/live', { headers: { origin: app.url } })
  t.notOk('access-control-allow-origin' in answer.headers)
  t.match(answer.headers, { 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'content-security-policy': /default-src 'none'/ })
  t.notOk('strict-transport-security' in answer.headers)
})
