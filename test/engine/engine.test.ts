import { test, type Test } from 'tap'
import { InputError } from '../../packages/engine/src/engine-options.ts'
import { FencedError } from '../../packages/engine/src/store/run-store.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { ends, startEngine, workflow, type RunEvent } from './support/engine.ts'
import { json, startHttpServer } from './support/http-server.ts'

const statuses = (events: readonly RunEvent[]) =>
  events.filter(({ type, data }) => type === 'status_change' && data['step'] === undefined).map(({ data }) => data['status'])

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
  t.equal(await engine.start({ workflow: strict, input: { name: 'Ada' }, runId: 'once', tenant: '', idempotencyKey: null }), true)
  t.equal(await engine.start({ workflow: strict, input: { name: 'Ada' }, runId: 'once', tenant: '', idempotencyKey: null }), false)
})

test('a run that is cancelled', async (t) => {
  const first = await startEngine(t, { maxConcurrentRuns: 1 })
  const second = await startEngine(t, {}, first)
  const waiting = workflow('- rest: { wait: PT1H }')

  await t.test('ends at once, and what it does is cancelled', async (t) => {
    const runId = await first.start(waiting)
    await waitUntil('it runs', () => first.events(runId).some(({ data }) => data['step'] === '/do/0/rest'))
    const began = performance.now()
    t.equal(await first.engine.cancel(runId, ''), 'cancelling')
    const ended = await first.ended(runId)
    t.ok(performance.now() - began < 1_000)
    t.strictSame(statuses(ended.events), ['pending', 'running', 'cancelled'])
    t.strictSame(ends(ended.events), ['/do/0/rest cancelled'])
    t.equal(await first.engine.cancel(runId, ''), 'over')
  })

  await t.test('ends within a second where another process executes it', async (t) => {
    const runId = await first.start(waiting)
    await waitUntil('it runs', () => first.events(runId).some(({ data }) => data['step'] === '/do/0/rest'))
    const began = performance.now()
    t.equal(await second.engine.cancel(runId, ''), 'cancelling')
    t.equal((await first.ended(runId)).status, 'cancelled')
    t.ok(performance.now() - began < 1_000)
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

  await t.test('is that of the tenant', async (t) => {
    const runId = await first.start(waiting)
    t.equal(await first.engine.cancel(runId, 'other'), 'unknown')
    t.equal(await first.engine.cancel('nobody', ''), 'unknown')
    await first.engine.cancel(runId, '')
    await first.ended(runId)
  })
})

test('runs wait for their turn in the order in which they came', async (t) => {
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

/** A workflow that calls a server of the test three times, once in a loop and once in a fork. */
async function startCounting (t: Test, failing: ReadonlySet<string> = new Set()) {
  const calls: string[] = []
  const server = await startHttpServer(t, ({ url }, response) => {
    calls.push(url)
    if (!failing.has(url)) json(response, url, 200)
    else if (url === '/hang') calls.push('hangs')
    else json(response, url, 500)
  })
  const call = (path: string) => `{ call: http, with: { method: get, endpoint: '${server.url}${path}' } }`
  return { calls, call, server }
}

test('a run goes on from its last checkpoint', async (t) => {
  const failing = new Set(['/hang'])
  const { calls, call } = await startCounting(t, failing)
  const first = await startEngine(t)
  const counting = workflow(`
    output: { as: '{ output: ., context: $context }' }
    do:
      - one: { ${call('/one').slice(1, -1)}, export: { as: '{ seen: [ . ] }' } }
      - loop: { for: { in: '[ 1, 2 ]' }, do: [ { two: ${call('/loop{none}')} }, { keep: { set: '\${ . }', export: { as: '{ seen: ($context.seen + [ . ]) }' } } } ] }
      - fork: { fork: { branches: [ { left: ${call('/left')} }, { right: ${call('/hang')} } ] } }
      - last: ${call('/last')}`)

  const runId = await first.start(counting)
  await waitUntil('it hangs', () => calls.includes('hangs') && calls.includes('/left') && first.store.keys(runId).some((key) => key.endsWith('/left')))
  await first.engine.close()
  t.strictSame([...calls].filter((url) => url !== 'hangs').sort(), ['/hang', '/left', '/loop', '/loop', '/one'])
  t.notMatch(ends(first.events(runId)), ['cancelled'], 'nothing is said about what goes on elsewhere')

  failing.clear()
  calls.length = 0
  const second = await startEngine(t, {}, first)
  await second.engine.recover()
  const ended = await second.ended(runId)
  t.strictSame(ended.output, { output: '/last', context: { seen: ['/one', '/loop', '/loop'] } })
  t.strictSame(calls, ['/hang', '/last'], 'only what was under way is repeated')
  t.strictSame(statuses(ended.events), ['pending', 'running', 'running', 'succeeded'])
  const succeeded = ends(ended.events)
  t.equal(new Set(succeeded).size, succeeded.length - 2, 'each end is told once; those in the loop twice')
})

test('an end that was stored but not told is told by the next process', async (t) => {
  let answer = () => {}
  const server = await startHttpServer(t, async (_request, response) => {
    await new Promise<void>((resolve) => { answer = resolve })
    json(response, 2)
  })
  const first = await startEngine(t)
  const runId = await first.start(workflow(`
    - one: { set: 1 }
    - two: { call: http, with: { method: get, endpoint: '${server.url}/' } }
    - three: { set: 3 }`))
  await waitUntil('the second task is told to run', () => server.arrivals.length === 1 && first.events(runId).at(-1)?.data['step'] === '/do/1/two')
  await first.service.stop()
  answer()
  await waitUntil('the second task is stored', () => first.store.keys(runId).includes('/do/1/two'))
  await first.leave()
  t.strictSame(ends(first.events(runId)), ['/do/0/one succeeded'])

  await first.service.start()
  const second = await startEngine(t, {}, first)
  await second.engine.recover()
  const ended = await second.ended(runId)
  t.strictSame(ends(ended.events), ['/do/0/one succeeded', '/do/1/two succeeded', '/do/2/three succeeded'])
  t.equal(ended.events.find(({ data }) => data['step'] === '/do/1/two' && data['status'] === 'succeeded')?.data['fencing_token'], 1)
})

test('an end that was told already is the same event when it is told again', async (t) => {
  const first = await startEngine(t)
  const runId = await first.start(workflow('- one: { set: 1 }\n- rest: { wait: PT1H }'))
  await waitUntil('it waits', () => first.events(runId).at(-1)?.data['step'] === '/do/1/rest')
  await first.leave()
  const second = await startEngine(t, {}, first)
  await second.engine.recover()
  await waitUntil('it waits again', () => statuses(second.events(runId)).length === 3 && second.events(runId).at(-1)?.data['step'] === '/do/1/rest')
  t.strictSame(ends(second.events(runId)), ['/do/0/one succeeded'])
  t.strictSame(second.complaints, [])
})

test('what may take its time counts from its first start, also in another process', async (t) => {
  const first = await startEngine(t)
  const limited = await first.start(workflow('- limited: { timeout: { after: PT30M }, wait: PT2H }'))
  const waiting = await first.start(workflow('- rest: { wait: PT30M }\n- done: { set: done }'))
  const keys = ['/do/0/limited#started', '/do/0/rest#started']
  await waitUntil('both wait', () => keys.every((key) => [...first.store.keys(limited), ...first.store.keys(waiting)].includes(key)))
  await first.leave()
  for (const [index, runId] of [limited, waiting].entries()) {
    const token = await first.store.claim(runId, 'an hour later', 0) ?? 0
    await first.store.save(runId, token, [{ key: keys[index] ?? '', value: { kind: 'started', at: Date.now() - 3_600_000 } }])
  }
  const second = await startEngine(t, {}, first)
  await second.engine.recover()
  t.match((await second.ended(limited)).error, { type: /errors\/timeout$/ })
  t.equal((await second.ended(waiting)).output, 'done')
})

test('the branch that has won stays the winner', async (t) => {
  const { calls, call } = await startCounting(t, new Set(['/hang']))
  const { start, ended, store } = await startEngine(t, { leaseMs: 300 })
  const save = store.save.bind(store)
  let failures = 0
  store.save = async (runId, token, checkpoints) => {
    if (checkpoints[0]?.key === '/do/0/race' && (failures += 1) === 1) throw new Error('the store is away')
    await save(runId, token, checkpoints)
  }
  const runId = await start(workflow(`- race: { fork: { compete: true, branches: [ { slow: ${call('/hang')} }, { fast: ${call('/fast')} } ] } }`))
  t.equal((await ended(runId)).output, '/fast')
  t.equal(failures, 2)
  t.equal(calls.filter((url) => url === '/fast').length, 1)
  t.ok(calls.filter((url) => url === '/hang').length <= 1, 'the others are not begun again')
})

test('a retry under way is not begun anew', async (t) => {
  const failing = new Set(['/flaky'])
  const { calls, call } = await startCounting(t, failing)
  const first = await startEngine(t)
  const runId = await first.start(workflow(`
    - attempt: { try: [ { one: ${call('/one')} }, { flaky: ${call('/flaky')} } ], catch: { retry: { delay: PT0.3S, limit: { attempt: { count: 3 } } } } }`))
  await waitUntil('it waits for the next attempt', () => first.store.keys(runId).includes('/do/0/attempt/try'))
  await first.engine.close()
  failing.clear()
  const second = await startEngine(t, {}, first)
  await second.engine.recover()
  t.equal((await second.ended(runId)).status, 'succeeded')
  t.strictSame(calls, ['/one', '/flaky', '/one', '/flaky'])
})

test('a run that is repeated begins with what was finished', async (t) => {
  const failing = new Set(['/flaky'])
  const { calls, call } = await startCounting(t, failing)
  const { engine, run, ended } = await startEngine(t)
  const old = await run(workflow(`
    - one: ${call('/one')}
    - attempt: { try: [ { two: ${call('/two')} }, { flaky: ${call('/flaky')} } ], catch: { retry: { limit: { attempt: { count: 1 } } } } }
    - last: { set: '\${ . }' }`))
  t.equal(old.status, 'failed')
  t.equal(await engine.retry(old.runId, { runId: 'again', tenant: 'other', idempotencyKey: null }), 'unknown')
  t.equal(await engine.retry('nobody', { runId: 'again', tenant: '', idempotencyKey: null }), 'unknown')

  failing.clear()
  calls.length = 0
  t.equal(await engine.retry(old.runId, { runId: 'again', tenant: '', idempotencyKey: null }), 'started')
  t.equal(await engine.retry(old.runId, { runId: 'again', tenant: '', idempotencyKey: null }), 'exists')
  const again = await ended('again')
  t.equal(again.output, '/flaky')
  t.strictSame(calls, ['/flaky'])
  t.match(again.events[0]?.data, { status: 'pending', retry_of: old.runId })
  t.strictSame(ends(again.events).slice(0, 2), ['/do/0/one succeeded', '/do/1/attempt/try/0/two succeeded'])
})

test('a run that is not over is not repeated', async (t) => {
  const { engine, start } = await startEngine(t)
  const runId = await start(workflow('- rest: { wait: PT1H }'))
  t.equal(await engine.retry(runId, { runId: 'again', tenant: '', idempotencyKey: null }), 'running')
})

test('a process that lost its run stops in silence', async (t) => {
  const { calls, call } = await startCounting(t, new Set(['/hang']))
  const first = await startEngine(t)
  const runId = await first.start(workflow(`- one: ${call('/hang')}\n- two: ${call('/two')}`))
  await waitUntil('it hangs', () => calls.includes('hangs') && first.events(runId).at(-1)?.data['step'] === '/do/0/one')
  const before = first.events(runId).length
  first.store.interfere = (operation) => { if (operation === 'renew') throw new FencedError() }
  await waitUntil('it has stopped', async () => await first.store.claim(runId, 'somebody', 60_000) !== null)
  t.equal(first.events(runId).length, before)
  t.strictSame(first.complaints, [])
})

test('a store that fails for a while costs no run', async (t) => {
  const { run, store, start, ended, complaints } = await startEngine(t, { leaseMs: 300 })
  let failures = 0
  store.interfere = (operation) => {
    if (operation === 'save' && (failures += 1) === 3) throw new Error('the store is away')
  }
  const runId = await start(workflow('- one: { set: 1 }\n- two: { set: 2 }\n- three: { set: 3 }'))
  const done = await ended(runId)
  t.equal(done.output, 3)
  t.match(complaints, [/tried again/])
  t.equal((await run(workflow('- one: { set: 1 }'))).status, 'succeeded')
})
