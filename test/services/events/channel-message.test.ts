import t from 'tap'
import { readChannelMessage } from '../../../services/events/channel-message.ts'

const limits = { maxEventBytes: 20_000, terminalStatuses: new Map([['succeeded', 'succeeded'], ['failed', 'failed']] as const) }
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

function read (message: string | Buffer) {
  return readChannelMessage(typeof message === 'string' ? Buffer.from(message) : message, limits)
}

/** Reads a message that is stored. */
function stored (message: string | Buffer) {
  const result = read(message)
  if ('reason' in result) throw new Error(`refused: ${result.reason} ${result.field}`)
  const { event, tenant, mended } = result
  return { type: event.type, data: event.data, effect: event.effect, once: event.once !== undefined, tenant, mended: [...mended] }
}

/** Reads a status_change that is stored without its riders. */
function reduced (payload: string) {
  const { data, effect, mended } = stored(`{"event_type":"status_change","payload":${payload}}`)
  return { payload: JSON.parse(data) as Record<string, unknown>, effect, mended }
}

t.test('a message has an event, perhaps a tenant, and members of its own', async (t) => {
  t.same(stored(' {"seq":7,"run":{"id":[1]},"event_type":"log","payload":{"message": "x"},"tenant":"acme"}\n'), {
    type: 'log', data: '{"message":"x"}', effect: { log: 'x' }, once: false, tenant: 'acme', mended: []
  })
  for (const rest of ['"tenant":null', '"tenant":""', '"event_type":null', '"event_id":null', '"own":NaN', '"own":[1 2]', `"own":${nested(5_000)}`, '"own":1,"own":2']) {
    t.same(stored(`{"payload":1,${rest}}`), { type: 'message', data: '1', effect: null, once: false, tenant: '', mended: [] }, rest.slice(0, 40))
  }
})

t.test('a payload keeps its publisher\'s own text', async (t) => {
  const payloads = ['1152921504606846976', '1.0', '1e400', '"\\ud800"', '"\\u0061"', '"NaN Infinity"', '"\\"NaN"', '"\u2028 \u00e9 🙂"', '{"a":1,"a":2}', '{"NaN":1}', '{"__proto__":{"x":1}}', 'null', '""', nested(64)]
  for (const payload of payloads) t.match(stored(`{"payload":${payload}}`), { data: payload, mended: [] })
})

t.test('numbers that JSON does not have become null, wherever they stand', async (t) => {
  const cases: Array<[payload: string, data: string]> = [
    ['{"loss": NaN}', '{"loss":null}'],
    ['NaN', 'null'],
    ['-Infinity', 'null'],
    ['[NaN, Infinity, -Infinity, {"a": [NaN]}, "NaN", "\\"NaN", -1, null]', '[null,null,null,{"a":[null]},"NaN","\\"NaN",-1,null]'],
    ['[nan, -nan, inf, -inf]', '[null,null,null,null]'],
    ['{"message":"a","loss":NaN}', '{"message":"a","loss":null}']
  ]
  for (const [payload, data] of cases) {
    t.match(stored(`{"event_type":"log","payload":${payload}}`), { data, mended: ['not_finite'] }, payload)
  }
  t.match(stored('{"event_type":"log","payload":{"message":"a","loss":NaN}}').effect, { log: 'a' })
  t.match(stored('{"event_type":"status_change","payload":{"status":"failed","loss":NaN}}'), { data: '{"status":"failed","loss":null}', effect: { status: 'failed', outcome: 'failed' } })
  t.match(stored('{"event_type":NaN,"event_id":NaN,"tenant":NaN,"payload":1}'), { type: 'message', once: false, tenant: '' })
  for (const payload of ['NaNs', '1NaN', 'Infinity1', '[1 NaN]', 'undefined', 'None', '.5', '01', '[1,]', '\'a\'', 'a"']) {
    t.match(read(`{"payload":${payload}}`), { reason: 'invalid_json' }, payload)
  }
})

t.test('raw control characters in strings are escaped, and a byte order mark is left out', async (t) => {
  t.match(stored('{"payload":{"a":"x\ty\nz\u0000","b\n": 1}}'), { data: '{"a":"x\\ty\\nz\\u0000","b\\n":1}', mended: ['control_character'] })
  t.match(stored('\ufeff{"payload":1}'), { data: '1', mended: ['byte_order_mark'] })
  t.match(stored('{"payload":["\u0001",NaN]}').mended.sort(), ['control_character', 'not_finite'])
})

t.test('an event_id that can not be used is ignored', async (t) => {
  for (const id of ['17', '""', '"a b"', '{}', '[]', 'true', 'x', `"${'x'.repeat(129)}"`, `"${'x'.repeat(3_000)}"`, '"a","event_id":"b"']) {
    t.match(stored(`{"event_id":${id},"payload":1}`), { data: '1', once: false, mended: ['event_id'] }, id.slice(0, 30))
  }
  t.match(stored('{"event_id":"e-1","payload":1}'), { once: true, mended: [] })
})

t.test('everything else is refused, with the code of HTTP, the member and the tenant', async (t) => {
  const cases: Array<[message: string | Buffer, reason: string, field: string | null, tenant?: string]> = [
    ['', 'invalid_json', null],
    ['x', 'invalid_event', null],
    ['7', 'invalid_event', null],
    ['[{"payload":1}]', 'invalid_event', null],
    ['{"tenant":"acme","payload":{"a":1}', 'invalid_json', null, 'acme'],
    ['{"payload":1}{"payload":2}', 'invalid_json', null],
    ['{}', 'invalid_event', 'payload'],
    ['{"event_type":"log","tenant":"acme"}', 'invalid_event', 'payload', 'acme'],
    ['{"payload":1,"payload":2,"tenant":"acme"}', 'repeated_field', 'payload', 'acme'],
    ['{"payload":1,"event_type":"log","event_type":"log"}', 'repeated_field', 'event_type'],
    ['{"payload":1,"tenant":"a","tenant":"b"}', 'repeated_field', 'tenant'],
    ['{"payload":1,"tenant":7}', 'invalid_event', 'tenant'],
    ['{"payload":1,"tenant":"a b"}', 'invalid_event', 'tenant'],
    ['{"payload":1,"event_type":""}', 'invalid_event', 'event_type'],
    ['{"payload":1,"event_type":17}', 'invalid_event', 'event_type'],
    ['{"payload":1,"event_type":"stream_end"}', 'invalid_event', 'event_type'],
    ['{"payload":1,"event_type":"publish_refused"}', 'invalid_event', 'event_type'],
    [`{"payload":${nested(65)},"tenant":"acme"}`, 'json_too_deep', 'payload', 'acme'],
    [`{"payload":${nested(60_000)}}`, 'json_too_deep', 'payload'],
    [`{"payload":"${'x'.repeat(20_000)}","tenant":"acme"}`, 'event_too_large', 'payload', 'acme'],
    [`{"payload":"${'x'.repeat(3_000_000)}","tenant":"acme"}`, 'event_too_large', 'payload', 'acme'],
    [Buffer.alloc(33_554_433, 0x20), 'event_too_large', null],
    [Buffer.from('{"payload":"\xff","tenant":"acme"}', 'latin1'), 'invalid_encoding', null, 'acme']
  ]
  for (const [message, reason, field, tenant = ''] of cases) t.same(read(message), { reason, field, tenant }, message.toString().slice(0, 60))
})

t.test('a status_change that is too large keeps what says what the run is', async (t) => {
  const { payload, effect, mended } = reduced(JSON.stringify({
    output: 'x'.repeat(300_000), status: 'Succeeded', previous_status: 'running', name: 'n', reason: 'r', retry_of: 'run-1', workflow: 'w', workflow_version: '1', own: 1
  }))
  t.match(payload, { status: 'Succeeded', previous_status: 'running', name: 'n', reason: 'r', retry_of: 'run-1', workflow: 'w', workflow_version: '1', truncated: true })
  t.ok(Number(payload['bytes']) > 300_000)
  t.notOk('output' in payload || 'own' in payload)
  t.match(effect, { status: 'succeeded', outcome: 'succeeded', name: 'n', retryOf: 'run-1', workflow: '{"name":"w","version":"1"}' })
  t.same(mended, ['truncated'])
  t.match(reduced(`{"status":"failed","output":"${'x'.repeat(5_000_000)}"}`), { payload: { status: 'failed' }, effect: { outcome: 'failed' } })
  t.match(reduced(`{"status":"failed","step":3,"output":"${'x'.repeat(30_000)}"}`), { payload: { step: 3 }, effect: { step: { step: '3' } } })
})

t.test('each member that stays has at most 4 KiB, of whole characters', async (t) => {
  const { payload } = reduced(JSON.stringify({
    status: 'failed', reason: 'é'.repeat(20_000), name: `a${'🙂'.repeat(9_000)}`, previous_status: { a: 'x'.repeat(5_000) }, error: { code: 7, message: 'm'.repeat(9_000), stack: 's'.repeat(9_000) }
  }))
  t.equal(payload['reason'], 'é'.repeat(2_048))
  t.equal(payload['name'], `a${'🙂'.repeat(1_023)}`)
  t.same(payload['error'], { message: 'm'.repeat(4_096) })
  t.notOk('previous_status' in payload)
  t.same(reduced(`{"status":"failed","error":{"code": 7,"loss":NaN},"output":"${'x'.repeat(30_000)}"}`).payload['error'], { code: 7, loss: null })
  for (const name of ['error', 'reason']) {
    t.equal(reduced(`{"status":"failed","${name}":["${'x'.repeat(30_000)}"]}`).payload[name], `["${'x'.repeat(4_094)}`)
    t.equal(reduced(`{"status":"failed","${name}":{"code": 7, "stack":"${'é'.repeat(30_000)}"}}`).payload[name], `{"code":7,"stack":"${'é'.repeat(2_038)}`)
  }
})

t.test('no other fault of a rider costs the status', async (t) => {
  for (const rider of [nested(65), nested(100_000), '[1 2]', 'undefined', '"\\x"']) {
    t.match(reduced(`{"status":"failed","output":${rider},"reason":"r"}`), { payload: { status: 'failed', reason: 'r', truncated: true }, effect: { outcome: 'failed' } }, rider.slice(0, 30))
  }
  t.match(reduced(`{"status":"failed","error":${nested(80)}}`).effect, { status: 'failed' })
  const latin1 = stored(Buffer.from('{"event_type":"status_change","payload":{"status":"failed","reason":"caf\xe9"}}', 'latin1'))
  t.match(latin1, { data: /"status":"failed","reason":"caf\ufffd","truncated":true/, effect: { outcome: 'failed' } })
  for (const payload of [`"${'x'.repeat(30_000)}"`, `{"status":7,"output":"${'x'.repeat(30_000)}"}`, `{"output":"${'x'.repeat(30_000)}"}`]) {
    t.match(read(`{"event_type":"status_change","payload":${payload}}`), { reason: 'event_too_large', field: 'payload' })
  }
})
