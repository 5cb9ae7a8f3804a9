import { test } from 'tap'
import { InputError } from '../src/engine-options.ts'
import { ends, startEngine, statuses, workflow } from './support/engine.ts'
import { json, startHttpServer } from './support/http-server.ts'
import { waitUntil } from './support/wait-until.ts'

test('the events of a run', async (t) => {
  const { run } = await startEngine(t)
  const ended = await run(workflow(`
    document: { dsl: 1.0.3, namespace: test, name: greeting, version: 2.0.0, title: A greeting }
    do: [ { greet: { set: { text: hello } } } ]`))

  t.match(ended.events, [
    { type: 'status_change', data: { status: 'pending', name: 'A greeting', workflow: 'greeting', workflow_version: '2.0.0', fencing_token: 0 } },
    { type: 'status_change', data: { status: 'running', name: 'A greeting', fencing_token: 1 } },
    { type: 'status_change', data: { status: 'running', step: '/do/0/greet', name: 'greet', attempt: 1, fencing_token: 1 } },
    { type: 'result_preview', data: { content: { text: 'hello' }, media_type: 'application/json', size: 16, final: true, step: '/do/0/greet', fencing_token: 1 } },
    { type: 'status_change', data: { status: 'succeeded', step: '/do/0/greet', name: 'greet', duration_ms: Number, fencing_token: 1 } },
    { type: 'result_preview', data: { content: { text: 'hello' }, final: true, fencing_token: 1 } },
    { type: 'status_change', data: { status: 'succeeded', name: 'A greeting', duration_ms: Number, fencing_token: 1 } }
  ])
  t.equal(ended.events.length, 7)
})

test('an event that a task emits is an event of the run', async (t) => {
  const { run } = await startEngine(t)
  const ended = await run(workflow('- tell: { emit: { event: { with: { type: com.example.told, source: https://example.com, data: { who: "${ .who }" } } } } }'), { who: 'Ada' })
  t.match(ended.output, { id: `${ended.runId}/do/0/tell`, specversion: '1.0', time: String, type: 'com.example.told', source: 'https://example.com', data: { who: 'Ada' } })
  t.match(ended.events.find(({ type }) => type === 'cloud_event')?.data, { step: '/do/0/tell', event: ended.output, fencing_token: 1 })
})

test('a run is started once, and only with input that fits', async (t) => {
  const { engine, store } = await startEngine(t)
  const strict = workflow('input: { schema: { document: { type: object, properties: { age: { type: integer }, group: { additionalProperties: false, properties: { a/b: { type: string } }, required: [ a/b ] } }, required: [ name ] } } }\ndo: [ { done: { set: 1 } } ]')
  await t.rejects(engine.start({ workflow: strict, input: { age: 'old', group: { other: 1 } }, runId: 'refused', tenant: '', idempotencyKey: null }), new InputError([
    { path: '/name', message: 'is needed' },
    { path: '/age', message: 'must be integer' },
    { path: '/group/a~1b', message: 'is needed' },
    { path: '/group/other', message: 'is not allowed' }
  ]))
  await t.rejects(engine.start({ workflow: strict, input: { name: 'x'.repeat(2_000_000) }, runId: 'refused', tenant: '', idempotencyKey: null }), new InputError([
    { path: '', message: 'has 2000011 bytes, more than the 1048576 that are allowed' }
  ]))
  t.equal(await store.read('refused'), null)
  t.equal(await engine.start({ workflow: strict, input: { name: 'Ada' }, runId: 'once', tenant: '', idempotencyKey: null }), 'created')
  t.equal(await engine.start({ workflow: strict, input: { name: 'Ada' }, runId: 'once', tenant: '', idempotencyKey: null }), 'exists')
})

test('a run that is cancelled', async (t) => {
  const first = await startEngine(t, { maxConcurrentRuns: 1 })
  const second = await startEngine(t, {}, first)
  const waiting = workflow('- rest: { wait: PT1H }')

  await t.test('ends at once, and its tasks are cancelled', async (t) => {
    const runId = await first.start(waiting)
    await waitUntil('it runs', () => first.events(runId).some(({ data }) => data['step'] === '/do/0/rest'))
    t.equal(await first.engine.cancel(runId, ''), 'cancelling')
    const ended = await first.ended(runId)
    t.strictSame(statuses(ended.events), ['pending', 'running', 'cancelled'])
    t.strictSame(ends(ended.events), ['/do/0/rest cancelled'])
    t.equal(await first.engine.cancel(runId, ''), 'over')
  })

  await t.test('ends in the process that executes it', async (t) => {
    const runId = await first.start(waiting)
    await waitUntil('it runs', () => first.events(runId).some(({ data }) => data['step'] === '/do/0/rest'))
    t.equal(await second.engine.cancel(runId, ''), 'cancelling')
    t.equal((await first.ended(runId)).status, 'cancelled')
  })

  await t.test('ends while it waits for its turn', async (t) => {
    const running = await first.start(waiting)
    const queued = await first.start(waiting)
    t.equal(await first.engine.cancel(queued, ''), 'cancelling')
    const ended = await first.ended(queued)
    t.strictSame(statuses(ended.events), ['pending', 'running', 'cancelled'])
    await first.engine.cancel(running, '')
    await first.ended(running)
  })

  await t.test('belongs to its tenant', async (t) => {
    const runId = await first.start(waiting)
    t.equal(await first.engine.cancel(runId, 'other'), 'unknown')
    t.equal(await first.engine.cancel('nobody', ''), 'unknown')
    await first.engine.cancel(runId, '')
    await first.ended(runId)
  })
})

test('runs wait for their turn in the order of their arrival', async (t) => {
  const calls: string[] = []
  let release = () => {}
  const held = new Promise<void>((resolve) => { release = resolve })
  const server = await startHttpServer(t, async ({ url }, response) => {
    calls.push(url)
    await held
    json(response, url)
  })
  const { start, ended } = await startEngine(t, { maxConcurrentRuns: 2 })
  const calling = workflow(`- call: { call: http, with: { method: get, endpoint: '${server.url}/{name}' } }`)
  const runs = []
  for (const name of ['a', 'b', 'c', 'd']) runs.push(await start(calling, { name }))
  await waitUntil('two have called', () => calls.length === 2)
  release()
  for (const runId of runs) t.equal((await ended(runId)).status, 'succeeded')
  t.strictSame(calls.slice(0, 2).sort(), ['/a', '/b'])
  t.strictSame(calls.slice(2).sort(), ['/c', '/d'])
})

test('all outputs of a run together have a bound', async (t) => {
  const { run } = await startEngine(t, { maxDataBytes: 2_000 })
  const loop = (rounds: number) => workflow(`- loop: { for: { each: round, in: '\${ [range(${rounds})] }' }, do: [ { large: { set: '\${ "x" * 1900 }' } } ] }`)
  t.equal((await run(loop(200))).status, 'succeeded')
  t.match(await run(loop(300)), { status: 'failed', error: { detail: /outputs of the run's tasks have more than 512000 bytes together/ } })
})
