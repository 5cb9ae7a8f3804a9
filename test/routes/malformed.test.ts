import t from 'tap'
import { buildApp } from '../helpers/service/app.ts'

const RUNS = '/api/v1/workflow-runs'

interface Schema { readonly $ref?: string, readonly properties?: Record<string, unknown>, readonly anyOf?: readonly Schema[] }
interface Parameter { readonly name: string, readonly in: 'path' | 'query' | 'header' }
interface Operation { readonly parameters?: readonly Parameter[], readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema, readonly example?: object }> } }
interface OpenApi { readonly paths: Record<string, Record<string, Operation>>, readonly components: { readonly schemas: Record<string, Schema> } }
interface Problem { readonly status: number, readonly code: string, readonly detail: string, readonly errors?: ReadonlyArray<{ readonly in: string, readonly path: string, readonly detail: string }> }

/** A request with one part that is malformed. */
interface Malformed { readonly method: string, readonly path: string, readonly headers?: Record<string, string>, readonly body?: string }

const BAD_TEXTS = ['', ' ', '-1', 'stream_x', 'no such text', 'x'.repeat(200), '2026-12-31T25:00:00Z', '9'.repeat(20), 'a,,b']
const BAD_VALUES = [...BAD_TEXTS, 7, null, [], {}]
const EXPRESSION = /[\^$[\]{}\\|]|pattern|expression|schema|constant/

/** Every way to malform one parameter, or one field of the body, of an operation. */
function malformations (path: string, method: string, { parameters = [], requestBody }: Operation, resolve: (schema: Schema) => Schema): Malformed[] {
  const good = path.replaceAll(/\{\w+\}/g, 'a')
  const inParameters = parameters.flatMap(({ name, in: place }) => BAD_TEXTS.flatMap((text): Malformed[] => {
    if (place === 'header') return text.trim() === '' ? [] : [{ method, path: good, headers: { [name]: text } }]
    if (place === 'query') return [{ method, path: `${good}?${name}=${encodeURIComponent(text)}` }]
    return [{ method, path: path.replace(`{${name}}`, encodeURIComponent(text)).replaceAll(/\{\w+\}/g, 'a') }]
  }))
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, { schema, example }]) => {
    const withBadField = [schema, ...schema.anyOf ?? []].map(resolve).flatMap(({ properties = {} }) =>
      Object.keys(properties).flatMap((field) => BAD_VALUES.map((value) => ({ ...example, [field]: value }))))
    return [...withBadField, ...BAD_VALUES, { unknown: 1 }]
      .map((body) => ({ method, path: good, headers: { 'content-type': type }, body: JSON.stringify(body) }))
  })
  return [...inParameters, { method, path: `${good}?unknown=1` }, ...bodies]
}

t.test('no answer to a malformed request shows a regular expression, and each is made of sentences', async (t) => {
  const app = await buildApp(t)
  const { paths, components } = await (await fetch(`${app.url}/documentation/json`)).json() as OpenApi
  const resolve = (schema: Schema) => components.schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema
  const requests = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) => malformations(path, method.toUpperCase(), operation, resolve)))
  const refused = new Set<string>()
  const sentences = new Map<string, string>()
  for (const { method, path, ...init } of requests) {
    const response = await app.call(path, { method, ...init })
    if (response.status !== 400) {
      await response.body?.cancel()
      continue
    }
    const { code, detail, errors = [] } = await response.json() as Problem
    if (code === 'invalid_request') t.not(errors.length, 0, `${method} ${path}`)
    for (const { in: part, path: place } of errors) refused.add(`${method} ${part}${place}`)
    for (const sentence of [detail, ...errors.map((fault) => fault.detail)]) sentences.set(sentence, `${method} ${path} ${init.body ?? ''}`)
  }
  for (const [sentence, request] of sentences) {
    t.match(sentence, /^[A-Za-z].*\.$/, request)
    t.notMatch(sentence, EXPRESSION, request)
  }
  for (const name of ['params/run_id', 'query/after', 'query/last_event_id', 'query/min_level', 'query/since', 'query/from', 'query/cursor', 'query/event_types']) {
    t.ok(refused.has(`GET ${name}`), name)
  }
  for (const name of ['headers/idempotency-key', 'body/run_id', 'params/run_id']) t.ok(refused.has(`POST ${name}`), name)
})

t.test('a fault has one code and one sentence, wherever it is noticed', async (t) => {
  const app = await buildApp(t)
  const ask = async (path: string, init = {}) => await (await app.call(path, init)).json() as Problem

  const cursors = ['abc', '', '01-1', '-1-1', '9999999999999999-1']
  const cursorFaults = await Promise.all(cursors.flatMap((cursor) =>
    [`/r/events?after=${cursor}`, `/r/events?before=${cursor}`, `/r/stream?last_event_id=${cursor}`, `/r/stream?lastEventId=${cursor}`].map((path) => ask(RUNS + path))))
  for (const { status } of cursorFaults) t.equal(status, 400)
  t.strictSame(new Set(cursorFaults.map(({ detail }) => detail)), new Set(['This cursor is not the id of an event. Use one that this service gave.']))

  const runIds = await Promise.all(['', '/events', '/log', '/stream'].map((rest) => ask(`${RUNS}/no%20id${rest}`)))
  const inBody = await ask(RUNS, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"workflow":"hello","run_id":"no id"}' })
  const publish = await ask(`${RUNS}/no%20id/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"payload":1}' })
  t.strictSame(new Set([...runIds, inBody, publish].map(({ code, detail }) => `${code}: ${detail}`)).size, 1)

  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }
  const notJson = await Promise.all([RUNS, `${RUNS}/r/events`, '/api/v1/session'].map((path) => ask(path, json)))
  t.strictSame(new Set(notJson.map(({ code, detail }) => `${code}: ${detail}`)), new Set(['invalid_json: The body is not valid JSON.']))

  const typed = await ask(`${RUNS}/r/events`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: '1' })
  const encoded = await ask(`${RUNS}/r/events`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'compress' }, body: '{"payload":1}' })
  t.match(typed, { status: 415, code: 'unsupported_media_type' })
  t.strictSame([encoded.status, encoded.code, encoded.detail], [typed.status, typed.code, typed.detail])
})
