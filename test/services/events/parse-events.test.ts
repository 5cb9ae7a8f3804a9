import t from 'tap'
import { parseEvents, type BodyKind } from '../../../services/events/parse-events.ts'

const limits = { maxEventBytes: 1_024, terminalStatuses: new Map([['succeeded', 'succeeded' as const], ['failed', 'failed' as const]]) }
const parse = (body: string | Buffer, kind: BodyKind = 'json') => parseEvents(typeof body === 'string' ? Buffer.from(body) : body, kind, limits)
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

t.test('one event, an array and NDJSON give the same events', async (t) => {
  const first = '{"event_type":"log","payload":{"message":"a"}}'
  const second = '{"payload":1}'
  const expected = [
    { type: 'log', data: '{"message":"a"}', effect: { log: 'a' } },
    { type: 'message', data: '1', effect: null }
  ]
  t.same(parse(first), expected.slice(0, 1))
  t.same(parse(`\n [ ${first} , ${second} ] `), expected)
  t.same(parse(`${first}\n\r\n  ${second}\r\n\n`, 'ndjson'), expected)
})

t.test('a payload keeps its publisher\'s own text', async (t) => {
  const payloads = ['1152921504606846976', '1.0', '1e400', '"\\ud800"', '"\\u0061"', '"\u2028 \u00e9 🙂"', '{"a":1,"a":2}', '{"__proto__":{"x":1}}', '{"constructor":{"prototype":{}}}', 'null', '""', '" a  b "', nested(64)]
  for (const payload of payloads) {
    t.equal(parse(`{"payload":${payload}}`)[0]?.data, payload)
    t.equal(parse(`[{ "payload" :\t${payload}\n}]`)[0]?.data, payload)
  }
  t.equal(parse('{"payload":{ "a b" : [ 1 ,\n2 ] }}')[0]?.data, '{"a b":[1,2]}')
})

t.test('every fault has a code and the path where it is', async (t) => {
  const faults: [string, string, string, BodyKind?][] = [
    ['', 'invalid_json', ''],
    ['  ', 'invalid_json', ''],
    ['nonsense', 'invalid_event', ''],
    ['"text"', 'invalid_event', ''],
    ['{"payload":1', 'invalid_json', ''],
    ['{"payload":1}x', 'invalid_json', ''],
    ['{"payload":1}{"payload":2}', 'invalid_json', ''],
    ['{"payload":01}', 'invalid_json', '/payload'],
    ['{"payload":NaN}', 'invalid_json', '/payload'],
    ['{"payload":[1}}', 'invalid_json', '/payload'],
    ['{"payload":"a\nb"}', 'invalid_json', '/payload'],
    ['{"payload":[1 2]}', 'invalid_json', '/payload'],
    ['[]', 'empty_batch', ''],
    ['', 'empty_batch', '', 'ndjson'],
    ['\n \r\n', 'empty_batch', '', 'ndjson'],
    ['{}', 'invalid_event', '/payload'],
    ['{"payload":1,"a/b~":NaN}', 'invalid_json', '/a~1b~0'],
    ['{"payload":1,"own":[}', 'invalid_json', '/own'],
    ['[{"payload":1},7]', 'invalid_event', '/1'],
    ['[{"payload":1},[]]', 'invalid_event', '/1'],
    ['[{"payload":1},]', 'invalid_json', '/1'],
    ['{"payload":1}\n\n{"payload":}', 'invalid_json', '/1', 'ndjson'],
    ['{"payload":1}\n[]', 'invalid_event', '/1', 'ndjson'],
    ['{"payload":\n1}', 'invalid_json', '/0', 'ndjson'],
    ['{"payload":1,"payload":2}', 'invalid_event', '/payload'],
    ['{"payload":1,"p\\u0061yload":2}', 'invalid_event', '/payload'],
    ['{"payload":1,"event_id":"a","event_id":"a"}', 'invalid_event', '/event_id'],
    ['{"payload":1,"event_type":null,"event_type":"log"}', 'invalid_event', '/event_type'],
    [`{"payload":${nested(65)}}`, 'json_too_deep', ''],
    [`[{"payload":${nested(100_000)}}]`, 'json_too_deep', '/0'],
    ['['.repeat(100_000), 'json_too_deep', '/0'],
    ['{"payload":1,"event_id":""}', 'invalid_event', '/event_id'],
    ['{"payload":1,"event_id":7}', 'invalid_event', '/event_id'],
    ['{"payload":1,"event_id":"a b"}', 'invalid_event', '/event_id'],
    [`{"payload":1,"event_id":"${'x'.repeat(129)}"}`, 'invalid_event', '/event_id'],
    [`{"payload":"${'x'.repeat(1_023)}"}`, 'event_too_large', '/payload'],
    [`{"payload":"${'é'.repeat(512)}"}`, 'event_too_large', '/payload'],
    [`[${'{"payload":1},'.repeat(1_000)}{"payload":1}]`, 'too_many_events', ''],
    ['{"payload":1}\n'.repeat(1_001), 'too_many_events', '', 'ndjson']
  ]
  for (const [body, code, path, kind = 'json'] of faults) {
    const status = code.startsWith('too_many') || code.endsWith('too_large') ? 413 : 400
    t.throws(() => parse(body, kind), { code, statusCode: status, errors: [{ in: 'body', path }] }, `${kind}: ${body.slice(0, 60)}`)
  }
})

t.test('an event_type is a short name that is not reserved', async (t) => {
  for (const type of ['log', 'A', 'x.y_z:1-2', 'streams', 'publish_refused_', 'x'.repeat(64)]) {
    t.equal(parse(JSON.stringify({ event_type: type, payload: 1 }))[0]?.type, type)
  }
  for (const type of ['', '1a', 'a b', 'a\rb', 'a\nid: 9', 'a\u0000', 'é', 'stream_end', 'publish_refused', 'x'.repeat(65), 5, true, ['log'], {}]) {
    t.throws(() => parse(JSON.stringify([{ payload: 1 }, { event_type: type, payload: 1 }])), { code: 'invalid_event', errors: [{ path: '/1/event_type' }] }, JSON.stringify(type))
  }
})

t.test('bytes that are not UTF-8 and a byte order mark are refused', async (t) => {
  const around = (bytes: number[]) => Buffer.concat([Buffer.from('{"payload":"'), Buffer.from(bytes), Buffer.from('"}')])
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80]]) {
    t.throws(() => parse(around(bytes)), { code: 'invalid_encoding' })
  }
  t.throws(() => parse(Buffer.from('\ufeff{"payload":1}')), { code: 'invalid_encoding' })
  t.throws(() => parse(Buffer.from('\ufeff{"payload":1}'), 'ndjson'), { code: 'invalid_encoding' })
})

t.test('the limits themselves are allowed', async (t) => {
  t.equal(parse(`{"payload":"${'x'.repeat(1_022)}"}`)[0]?.data.length, 1_024)
  t.equal(parse(`[${'{"payload":1},'.repeat(999)}{"payload":1}]`).length, 1_000)
  t.equal(parse(`{"payload":${' '.repeat(5_000)}1}`)[0]?.data, '1')
})

t.test('an event_id names the event once, and what it names', async (t) => {
  const once = (body: string) => parse(body)[0]?.once
  const first = once('{"event_id":"e-1","payload":{"a":1}}')
  t.ok(first)
  t.same(once('{"payload":{ "a": 1 },"event_id":"e-1"}'), first)
  t.equal(once('{"event_id":"e-1","payload":{"a":2}}')?.key, first?.key)
  t.not(once('{"event_id":"e-1","payload":{"a":2}}')?.bodyHash, first?.bodyHash)
  t.not(once('{"event_id":"e-1","event_type":"log","payload":{"a":1}}')?.bodyHash, first?.bodyHash)
  t.not(once('{"event_id":"e-2","payload":{"a":1}}')?.key, first?.key)
})

t.test('null is as good as nothing, and members without a meaning are ignored', async (t) => {
  t.same(parse('{"payload":1,"event_type":null,"event_id":null}'), parse('{"payload":1}'))
  for (const rest of ['"event_typ":"log"', '"tenant":"x"', '"tenant":7', '"__proto__":{}', '"own":1,"own":2', `"own":${nested(1_000)}`]) {
    t.same(parse(`{${rest},"payload":1}`), parse('{"payload":1}'), rest.slice(0, 40))
    t.same(parse(`{"payload":1,${rest}}`, 'ndjson'), parse('{"payload":1}'), rest.slice(0, 40))
  }
})
