import { Validator } from '@seriousme/openapi-schema-validator'
import formats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'
import t from 'tap'
import { buildApp } from '../helpers/service/app.ts'

interface Media { schema?: object, itemSchema?: object, example?: unknown, examples?: Record<string, { value: unknown }> }
interface Operation { operationId?: string, summary?: string, tags?: string[], requestBody?: { content: Record<string, Media> }, responses: Record<string, { content?: Record<string, Media> }> }
interface Document { openapi: string, paths: Record<string, Record<string, Operation>>, components: { schemas: Record<string, { examples?: unknown[] }> } }

const EXPECTED = [
  'GET /api/v1/diagnostics/stream', 'GET /api/v1/session', 'POST /api/v1/session', 'DELETE /api/v1/session',
  'GET /api/v1/workflow-runs', 'GET /api/v1/workflow-runs/{run_id}',
  'GET /api/v1/workflow-runs/{run_id}/events', 'POST /api/v1/workflow-runs/{run_id}/events',
  'GET /api/v1/workflow-runs/{run_id}/log', 'GET /api/v1/workflow-runs/{run_id}/stream',
  'GET /health/live', 'GET /health/ready', 'GET /metrics'
]

t.test('the OpenAPI document', async (t) => {
  const app = await buildApp(t)
  const response = await fetch(`${app.url}/documentation/json`)
  const document = await response.json() as Document
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })))

  t.test('is valid', async (t) => {
    t.match(document.openapi, /^3\.[12]\./)
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    t.same(result.errors ?? [], [])
    t.ok(result.valid)
  })

  t.test('has every route, with a summary and an id of its own', async (t) => {
    const names = operations.map(({ name }) => name)
    for (const name of EXPECTED) t.ok(names.includes(name), name)
    for (const { name, operation } of operations) t.ok(operation.summary !== undefined && operation.tags?.length === 1, name)
    const ids = operations.flatMap(({ operation }) => operation.operationId ?? [])
    t.equal(new Set(ids).size, ids.length)
  })

  t.test('has an example for every answer and body, and each is as its schema says', async (t) => {
    const ajv = new Ajv2020({ strict: false })
    formats.default(ajv)
    ajv.addSchema(document, 'document')
    const placed = (text: string) => JSON.parse(text.replaceAll('"#/components', '"document#/components')) as Media
    for (const { name, operation } of operations) {
      const contents = [operation.requestBody?.content ?? {}, ...Object.values(operation.responses).map(({ content }) => content ?? {})]
      for (const [type, media] of contents.flatMap((content) => Object.entries(content))) {
        const { schema = {}, example, examples = {} } = placed(JSON.stringify(media))
        const validate = ajv.compile(schema)
        const reference = '$ref' in schema ? String(schema.$ref).split('/').at(-1) ?? '' : ''
        const values = [
          ...(example === undefined ? [] : [example]),
          ...Object.values(examples).map(({ value }) => value),
          ...('examples' in schema && Array.isArray(schema.examples) ? schema.examples : []),
          ...(document.components.schemas[reference]?.examples ?? [])
        ]
        t.ok(values.length > 0, `${name} has an example of ${type}`)
        for (const value of values) t.ok(validate(value), `${name}: ${ajv.errorsText(validate.errors)}`)
      }
    }
  })

  t.test('describes every frame of the stream', async (t) => {
    const media = document.paths['/api/v1/workflow-runs/{run_id}/stream']?.['get']?.responses['200']?.content?.['text/event-stream']
    const text = JSON.stringify(media?.itemSchema)
    for (const frame of ['stream_open', 'stream_gap', 'stream_position', 'stream_end', 'stream_close']) t.match(text, `"${frame}"`)
  })

  t.test('is shown as a page that its own security policy lets run', async (t) => {
    const page = await fetch(`${app.url}/documentation`)
    t.equal(page.status, 200)
    t.match(page.headers.get('content-security-policy'), /script-src 'self';/)
    const scripts = [...(await page.text()).matchAll(/<script src="([^"]+)"/g)].map(([, source]) => source ?? '')
    t.ok(scripts.length >= 3)
    for (const script of scripts) {
      const file = await fetch(new URL(script, `${app.url}/documentation`))
      t.equal(file.status, 200, script)
      await file.arrayBuffer()
    }
  })
})
