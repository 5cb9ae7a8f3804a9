import { test, type Test } from 'tap'
import { FencedError } from '../src/store/run-store.ts'
import { ends, startEngine, statuses, workflow } from './support/engine.ts'
import { json, startHttpServer } from './support/http-server.ts'
import { waitUntil } from './support/wait-until.ts'

/** Starts a server that counts its calls. @param failing the paths that fail; `/hang` never answers while it is among them */
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
  t.notMatch(ends(first.events(runId)), ['cancelled'], 'nothing is published about tasks that go on in another process')

  failing.clear()
  calls.length = 0
  const second = await startEngine(t, {}, first)
  await second.engine.recover()
  const ended = await second.ended(runId)
  t.strictSame(ended.output, { output: '/last', context: { seen: ['/one', '/loop', '/loop'] } })
  t.strictSame(calls, ['/hang', '/last'], 'only the tasks under way are repeated')
  t.strictSame(statuses(ended.events), ['pending', 'running', 'running', 'succeeded'])
  const succeeded = ends(ended.events)
  t.equal(new Set(succeeded).size, succeeded.length - 2, 'each end is published once; the ends in the loop twice')
})

test('a task with effects waits until the tasks before it are durable', async (t) => {
  const { calls, call } = await startCounting(t)
  const { start, store, events, ended } = await startEngine(t)
  const save = store.save.bind(store)
  let open = () => {}
  const gate = new Promise<void>((resolve) => { open = resolve })
  store.save = async (runId, token, checkpoints) => {
    if (checkpoints[0]?.key === '/do/0/one') await gate
    await save(runId, token, checkpoints)
  }
  const runId = await start(workflow(`- one: { set: 1 }\n- two: { set: 2 }\n- call: ${call('/call')}\n- last: { set: 3 }`))
  await waitUntil('it would call', () => events(runId).some(({ data }) => data['step'] === '/do/2/call'))
  t.ok(ends(events(runId)).includes('/do/1/two succeeded'), 'tasks without effects do not wait')
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(calls, [])
  open()
  t.equal((await ended(runId)).output, 3)
  t.strictSame(calls, ['/call'])
})

test('an end that was stored but not published is published by the next process', async (t) => {
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
  await waitUntil('the second task is published as running', () => server.arrivals.length === 1 && first.events(runId).at(-1)?.data['step'] === '/do/1/two')
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

test('an end that is published twice is one event', async (t) => {
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

test('a time limit counts from the first start, also in another process', async (t) => {
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

test('a run that is repeated begins with the finished tasks', async (t) => {
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
  t.equal(await engine.retry(old.runId, { runId: 'again', tenant: '', idempotencyKey: null }), 'created')
  t.equal(await engine.retry(old.runId, { runId: 'again', tenant: '', idempotencyKey: null }), 'exists')
  const again = await ended('again')
  t.equal(again.output, '/flaky')
  t.strictSame(calls, ['/flaky'])
  t.match(again.events[0]?.data, { status: 'pending', retry_of: old.runId })
  t.strictSame(ends(again.events).slice(0, 2), ['/do/0/one succeeded', '/do/1/attempt/try/0/two succeeded'])
})

test('a run takes over all finished tasks, although the store fails in between', async (t) => {
  const failing = new Set(['/flaky'])
  const { calls, call } = await startCounting(t, failing)
  const { engine, store, run, ended } = await startEngine(t, { leaseMs: 300 })
  const old = await run(workflow(`
    - loop: { for: { each: round, in: '\${ [range(1100)] }' }, do: [ { round: { set: 1 } } ] }
    - two: ${call('/two')}
    - flaky: ${call('/flaky')}`))
  t.equal(old.status, 'failed')
  failing.clear()
  calls.length = 0
  let saves = 0
  store.interfere = (operation) => {
    if (operation === 'save' && (saves += 1) === 2) throw new Error('the store is away')
  }
  await engine.retry(old.runId, { runId: 'again', tenant: '', idempotencyKey: null })
  t.equal((await ended('again')).status, 'succeeded')
  t.strictSame(calls, ['/flaky'])
})

test('a task with tasks of its own keeps the values from its begin, although those tasks change them', async (t) => {
  const failing = new Set<string>()
  const { calls, call } = await startCounting(t, failing)
  const { engine, run, ended } = await startEngine(t)
  const definitions = {
    condition: `
      - once:
          if: $context.charged != true
          input: { from: '{ before: ($context.charged == null) }' }
          do:
            - charge: { set: '\${ . }', export: { as: '{ charged: true }' } }
            - ship: ${call('/ship')}
            - result: { set: '\${ $context + $input }' }`,
    while: `
      - loop:
          for: { in: '[ range(10) ]' }
          while: ($context.n // 0) < 3
          do:
            - count: { set: '\${ $index }', export: { as: '{ n: (($context.n // 0) + 1) }' } }
            - ship: { if: $index == 2, ${call('/ship').slice(1)} 
            - result: { set: '\${ $context.n }' }`,
    items: `
      - begin: { set: {}, export: { as: '{ queue: [ 1, 2, 3 ] }' } }
      - loop:
          for: { in: $context.queue, each: item }
          do:
            - pop: { set: '\${ $item }', export: { as: '{ queue: $context.queue[1:] }' } }
            - ship: { if: $item == 2, ${call('/ship').slice(1)} 
            - result: { set: '\${ $item }' }`
  }
  for (const [name, definition] of Object.entries(definitions)) {
    failing.add('/ship')
    const old = await run(workflow(definition))
    t.equal(old.status, 'failed', name)
    failing.clear()
    calls.length = 0
    await engine.retry(old.runId, { runId: `${name}-again`, tenant: '', idempotencyKey: null })
    const again = await ended(`${name}-again`)
    const fresh = await run(workflow(definition))
    t.strictSame(calls, ['/ship', '/ship'], `${name}: the rest is executed`)
    t.strictSame(again.output, fresh.output, `${name}: as if nothing had been in between`)
  }
})

test('a secret that was wrong is found anew when a run is repeated', async (t) => {
  const calls: unknown[] = []
  const server = await startHttpServer(t, ({ headers }, response) => {
    calls.push(headers['x-key'])
    json(response, 'ok', headers['x-key'] === 'right' ? 200 : 401)
  })
  const paying = workflow(`
    use: { secrets: [ KEY ], functions: { pay: { call: http, with: { method: get, endpoint: '${server.url}', headers: { x-key: '\${ .key }' } } } } }
    do: [ { pay: { call: pay, with: { key: '\${ $secrets.KEY }' } } } ]`)
  const first = await startEngine(t, { environment: { KEY: 'wrong' } })
  const old = await first.run(paying)
  t.equal(old.status, 'failed')
  t.notMatch(JSON.stringify(await first.store.checkpoints(old.runId)), /wrong/, 'nor is it stored')
  await first.leave()
  const second = await startEngine(t, { environment: { KEY: 'right' } }, first)
  await second.engine.retry(old.runId, { runId: 'paid', tenant: '', idempotencyKey: null })
  t.equal((await second.ended('paid')).status, 'succeeded')
  t.strictSame(calls, ['wrong', 'right'])
})

test('a run that is not over is not repeated', async (t) => {
  const { engine, start } = await startEngine(t)
  const runId = await start(workflow('- rest: { wait: PT1H }'))
  t.equal(await engine.retry(runId, { runId: 'again', tenant: '', idempotencyKey: null }), 'running')
})

test('a process that lost its run stops and publishes nothing', async (t) => {
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
