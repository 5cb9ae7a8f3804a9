import t from 'tap'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'

const JSON_TYPE = 'application/json'
const NDJSON_TYPE = 'application/x-ndjson'

/** Ids, or a problem document. */
interface Answer {
  readonly ids: string[]
  readonly [field: string]: unknown
}

/** Publishes a body as it is; gives the status and the parsed answer. */
async function post (app: App, runId: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const response = await app.call(`/api/v1/workflow-runs/${runId}/events`, { method: 'POST', headers: { 'content-type': JSON_TYPE, ...headers }, body })
  return { status: response.status, headers: response.headers, body: await response.json() as Answer }
}

/** The events of a run as `[type, payload text]`. */
async function stored (app: App, runId: string): Promise<[string, string][]> {
  const response = await app.call(`/api/v1/workflow-runs/${runId}/events`, { headers: { accept: NDJSON_TYPE } })
  if (response.status === 404) return []
  const lines = (await response.text()).split('\n').slice(0, -1)
  return lines.map((line) => {
    const [, type = '', payload = ''] = /^\{"id":"\d+-\d+","event_type":"([^"]+)","payload":(.*)\}$/s.exec(line) ?? []
    return [type, payload]
  })
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

t.test('publishing', async (t) => {
  const app = await buildApp(t, { MAX_EVENT_BYTES: '2048' })

  t.test('one event, an array and NDJSON are stored in order, and their ids come back', async (t) => {
    const one = await post(app, 'order', '{"event_type":"log","payload":{"message":"1"}}')
    t.equal(one.status, 201)
    t.match(one.headers.get('content-type'), /^application\/json/)
    const array = await post(app, 'order', '[{"payload":2},{"payload":3}]')
    const lines = await post(app, 'order', '{"payload":4}\n\n{"payload":5}\n', { 'content-type': 'Application/X-NDJSON; charset=utf-8' })
    const ids: string[] = [...one.body.ids, ...array.body.ids, ...lines.body.ids]
    t.same(ids.map((id) => id.replace(/^\d+-/, '')), ['1', '2', '3', '4', '5'])
    t.same(await stored(app, 'order'), [['log', '{"message":"1"}'], ['message', '2'], ['message', '3'], ['message', '4'], ['message', '5']])
  })

  t.test('the answer tells the run\'s real status, also after its end and to a repetition', async (t) => {
    const change = (status: string, more = '') => `{"event_type":"status_change","payload":{"status":"${status}"${more}}}`
    t.same((await post(app, 'told', '{"payload":1}')).body['run'], { status: null, terminal: false })
    t.same((await post(app, 'told', change('Running'), { 'idempotency-key': 'first' })).body['run'], { status: 'running', terminal: false })
    t.same((await post(app, 'told', change('crashed'))).body['run'], { status: 'crashed', terminal: true })
    t.match(await post(app, 'told', change('running')), { status: 201, body: { ids: [/-4$/], run: { status: 'crashed', terminal: true } } })
    t.match(await post(app, 'told', change('Running'), { 'idempotency-key': 'first' }), { status: 201, body: { ids: [/-2$/], run: { status: 'crashed', terminal: true } } })
    t.same((await post(app, 'told-2', change('running', ',"retry_of":"told"'))).body['run'], { status: 'running', terminal: false })
    t.match(await (await app.call('/api/v1/workflow-runs/told-2')).json(), { retry_of: 'told' })
  })

  t.test('a payload comes back in its publisher\'s own text', async (t) => {
    const payloads = ['1152921504606846976', '1.0', '"\\ud800"', '{"a":1,"a":2}', '{"__proto__":{"polluted":true}}', '{"constructor":{"prototype":{"polluted":true}}}', '"é 🙂 \\u00e9"', nested(64)]
    await post(app, 'exact', `[${payloads.map((payload) => `{ "payload" : ${payload} }`).join(' , ')}]`)
    t.same((await stored(app, 'exact')).map(([, payload]) => payload), payloads)
    t.notOk('polluted' in {})
  })

  t.test('what is wrong is named by its path, and nothing of the batch is stored', async (t) => {
    const good = '{"payload":"good"}'
    const faults: [number, string, string, string | Buffer][] = [
      [400, 'invalid_json', '', ''],
      [400, 'invalid_event', '', 'no JSON'],
      [400, 'invalid_json', '', `[${good}`],
      [400, 'empty_batch', '', '[]'],
      [400, 'invalid_event', '/1', `[${good},"text"]`],
      [400, 'invalid_event', '/1/payload', `[${good},{"event_type":"log"}]`],
      [400, 'invalid_event', '/1/event_type', `[${good},{"event_type":"a\\r\\nid: 9","payload":1}]`],
      [400, 'invalid_event', '/1/event_type', `[${good},{"event_type":"a\\u0000","payload":1}]`],
      [400, 'invalid_event', '/1/event_type', `[${good},{"event_type":"${'x'.repeat(65)}","payload":1}]`],
      [400, 'invalid_event', '/1/event_type', `[${good},{"event_type":"stream_end","payload":1}]`],
      [400, 'invalid_event', '/1/event_type', `[${good},{"event_type":5,"payload":1}]`],
      [400, 'invalid_event', '/1/event_type', `[${good},{"event_type":"publish_refused","payload":1}]`],
      [400, 'invalid_event', '/1/event_id', `[${good},{"event_id":"","payload":1}]`],
      [400, 'json_too_deep', '/1', `[${good},{"payload":${nested(65)}}]`],
      [400, 'json_too_deep', '/1', `[${good},{"payload":${nested(100_000)}}]`],
      [400, 'invalid_encoding', '', Buffer.from([...Buffer.from('{"payload":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')])],
      [400, 'invalid_encoding', '', `\ufeff${good}`],
      [413, 'event_too_large', '/1/payload', `[${good},{"payload":"${'x'.repeat(2_047)}"}]`],
      [413, 'too_many_events', '', `[${`${good},`.repeat(1_000)}${good}]`]
    ]
    for (const [status, code, path, body] of faults) {
      const answer = await post(app, 'faulty', body)
      const title = String(body).slice(0, 60)
      t.equal(answer.status, status, title)
      t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
      t.match(answer.body, { status, code, request_id: answer.headers.get('x-request-id') ?? '', errors: [{ in: 'body', path }] }, title)
    }
    t.equal((await app.call('/api/v1/workflow-runs/faulty')).status, 404)
  })

  t.test('1,000 events at once and a payload of exactly the limit are taken', async (t) => {
    const answer = await post(app, 'limits', `[${Array.from({ length: 1_000 }, (_, index) => `{"payload":${index}}`).join(',')}]`)
    t.equal(answer.body.ids.length, 1_000)
    t.equal((await post(app, 'limits', `{"payload":"${'x'.repeat(2_046)}"}`)).status, 201)
  })

  t.test('a body over 8 MiB is refused', async (t) => {
    const answer = await post(app, 'large', `{"payload":1}${' '.repeat(8_388_608)}`)
    t.equal(answer.status, 413)
    t.match(answer.body, { code: 'body_too_large' })
    t.equal((await post(app, 'large', `{"payload":1}${' '.repeat(8_388_608 - 13)}`)).status, 201)
  })

  t.test('other media types, and compressed bodies, are refused', async (t) => {
    for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': 'application/json garbage' }, { 'content-type': 'application/xml' }, { 'content-encoding': 'zstd' }, { 'content-encoding': 'gzip, gzip' }]) {
      const answer = await post(app, 'media', '{"payload":1}', headers)
      t.equal(answer.status, 415, JSON.stringify(headers))
      t.match(answer.body, { code: 'unsupported_media_type' })
    }
  })

  t.test('an Idempotency-Key makes a request count once', async (t) => {
    const headers = { 'idempotency-key': 'build 7 / part 1' }
    const first = await post(app, 'once', '[{"payload":1},{"payload":2}]', headers)
    const second = await post(app, 'once', '[{"payload":1}, {"payload":2}]', headers)
    t.equal(second.status, 201)
    t.same(second.body, first.body)
    const other = await post(app, 'once', '[{"payload":1},{"payload":3}]', headers)
    t.equal(other.status, 422)
    t.match(other.body, { code: 'idempotency_conflict' })
    t.equal((await stored(app, 'once')).length, 2)
    t.match((await post(app, 'once', '{"payload":1}', { 'idempotency-key': 'x'.repeat(129) })).body, { status: 400, errors: [{ in: 'headers', path: '/idempotency-key' }] })
  })

  t.test('an event_id makes an event count once within its run', async (t) => {
    const [id] = (await post(app, 'ids', '{"event_id":"e-1","payload":1}')).body.ids
    const again = await post(app, 'ids', '[{"event_id":"e-1","payload":1},{"event_id":"e-2","payload":2}]')
    t.equal(again.status, 201)
    t.equal(again.body.ids[0], id)
    t.equal((await post(app, 'ids', '{"event_id":"e-1","payload":2}')).status, 422)
    t.same((await stored(app, 'ids')).map(([, payload]) => payload), ['1', '2'])
  })

  t.test('a run belongs to the tenant that first wrote to it', async (t) => {
    const as = (tenant: string) => ({ authorization: `Bearer ${tokenFor({ tenant })}` })
    t.equal((await post(app, 'owned', '{"payload":1}', as('acme'))).status, 201)
    for (const headers of [as('other'), {}]) {
      const answer = await post(app, 'owned', '{"payload":2}', headers)
      t.equal(answer.status, 404)
      t.match(answer.body, { code: 'run_not_found' })
    }
    t.equal((await post(app, 'owned', '{"payload":3}', as('acme'))).status, 201)
  })

  t.test('writing needs its scope, and a token that permits the run', async (t) => {
    const rights: [number, Record<string, unknown>][] = [[403, { scope: 'runs:read' }], [403, { scope: '' }], [403, { run_ids: ['other-*'] }], [201, { scope: 'runs:write', run_ids: ['right*'] }]]
    for (const [status, claims] of rights) {
      t.equal((await post(app, 'rights', '{"payload":1}', { authorization: `Bearer ${tokenFor(claims)}` })).status, status, JSON.stringify(claims))
    }
    t.equal((await post(app, 'rights', '{"payload":1}', { authorization: '' })).status, 401)
  })
})
