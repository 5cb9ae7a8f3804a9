import type { Test } from 'tap'
import type { Checkpoint, RunRecord } from '@runcast/engine'
import type { ServiceRunStore } from '../../../../services/engine/run-store/service-run-store.ts'

/** One store under test. */
export interface RunStoreHarness {
  readonly store: ServiceRunStore
  /** Moves the store's clock on. */
  pass (ms: number): Promise<void>
}

/** Opens an empty store that keeps runs for `ttlSeconds` after their end. The test's teardown closes it. */
export type MakeRunStore = (t: Test, ttlSeconds: number) => Promise<RunStoreHarness>

const LONG_MS = 600_000

/** Makes the record of a run that is never executed. */
export function record (runId: string, extra: Partial<RunRecord> = {}): RunRecord {
  const definition = { document: { dsl: '1.0.0', namespace: 'test', name: 'hello', version: '1.0.0' }, do: [{ say: { set: { greeting: 'Hello' } } }] }
  return { runId, tenant: 'acme', workflow: 'hello', version: '1.0.0', definition, input: { name: 'Ada' }, retryOf: null, idempotencyKey: null, createdAt: 1_764_000_000_000, ...extra }
}

/** Creates a run and begins its first attempt. */
export async function begin (store: ServiceRunStore, runId: string): Promise<number> {
  await store.create(record(runId))
  return claimed(await store.claim(runId, 'a', LONG_MS))
}

function claimed (token: number | null): number {
  if (token === null) throw new Error('the run was not claimed')
  return token
}

const fenced = { name: 'FencedError' }

/** Tests the contract that every store of the engine keeps. */
export function runStoreContract (t: Test, makeStore: MakeRunStore): void {
  t.test('a run is created once, and read as it was given', async (t) => {
    const { store } = await makeStore(t, 3_600)
    const run = record('r', { input: { deep: [1.5, 'ü\u0000 "', null, { __proto__: null, a: true }] }, retryOf: 'before' })
    t.equal(await store.create(run), 'created')
    t.equal(await store.create(record('r', { input: 'other' })), 'exists')
    t.same(await store.read('r'), { ...run, isOver: false, isCancelled: false })
    t.equal(await store.read('unknown'), null)
    t.equal(await store.claim('unknown', 'a', LONG_MS), null)
    t.equal(await store.cancel('unknown'), false)
    t.same(await store.checkpoints('unknown'), [])
  })

  t.test('an idempotency key names one run of its tenant, as long as that is kept', async (t) => {
    const { store, pass } = await makeStore(t, 1_000)
    const named = (runId: string, extra: Partial<RunRecord> = {}) => store.create(record(runId, { idempotencyKey: 'key', ...extra }))
    t.same(await Promise.all([named('r'), named('b'), named('c')]), ['created', 'key_taken', 'key_taken'])
    t.equal(await named('r'), 'exists')
    t.equal(await named('r', { idempotencyKey: 'unused' }), 'exists')
    t.equal(await named('h', { idempotencyKey: 'unused' }), 'created', 'what was not done under a key does not take it')
    t.equal((await store.read('r'))?.idempotencyKey, 'key')
    t.equal(await store.read('b'), null)
    t.equal(await named('d', { tenant: 'other' }), 'created')
    t.equal(await named('e', { idempotencyKey: 'other' }), 'created')
    await store.finish('r', claimed(await store.claim('r', 'a', LONG_MS)))
    t.equal(await named('f'), 'key_taken')
    await pass(1_000_000)
    t.equal(await named('g'), 'created')
  })

  t.test('of many that create or claim a run at the same time, one does', async (t) => {
    const { store } = await makeStore(t, 3_600)
    const created = await Promise.all(Array.from({ length: 20 }, (_, input) => store.create(record('r', { input }))))
    t.equal(created.filter((creation) => creation === 'created').length, 1)
    t.equal((await store.read('r'))?.input, created.indexOf('created'))
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, holder) => store.claim('r', `holder ${holder}`, LONG_MS)))
    t.equal(tokens.filter((token) => token !== null).length, 1)
  })

  t.test('a lease keeps others away until it is over by the store\'s clock, and the next token is greater', async (t) => {
    const { store, pass } = await makeStore(t, 3_600)
    await store.create(record('r'))
    const first = claimed(await store.claim('r', 'a', LONG_MS))
    t.equal(await store.claim('r', 'b', LONG_MS), null)
    await pass(LONG_MS / 2)
    await store.renew('r', first, LONG_MS)
    await pass(LONG_MS * 0.75)
    t.equal(await store.claim('r', 'b', LONG_MS), null, 'renewed')
    await pass(LONG_MS / 2)
    const second = claimed(await store.claim('r', 'b', LONG_MS))
    t.ok(second > first)
    await t.rejects(store.renew('r', first, LONG_MS), fenced)
    await t.rejects(store.save('r', first, [{ key: 'k', value: 1 }]), fenced)
    await t.rejects(store.finish('r', first), fenced)
    await store.release('r', first)
    t.equal(await store.claim('r', 'c', LONG_MS), null, 'who was fenced can not give the lease up')
    t.same(await store.checkpoints('r'), [])
    t.same(await store.read('r'), { ...record('r'), isOver: false, isCancelled: false })
  })

  t.test('the holder of a lease may claim again, and a lease that is given up is free at once', async (t) => {
    const { store } = await makeStore(t, 3_600)
    const first = await begin(store, 'r')
    const second = claimed(await store.claim('r', 'a', LONG_MS))
    t.ok(second > first)
    await t.rejects(store.save('r', first, [{ key: 'k', value: 1 }]), fenced)
    await store.release('r', second)
    t.ok(claimed(await store.claim('r', 'b', LONG_MS)) > second)
  })

  t.test('checkpoints keep the order in which their keys were first saved, and the last value of each', async (t) => {
    const { store } = await makeStore(t, 3_600)
    const token = await begin(store, 'r')
    const other = await begin(store, 'r2')
    await store.save('r', token, [{ key: '/do/1/b', value: 1 }, { key: '/do/0/a', value: { x: [1, null] } }])
    await store.save('r2', other, [{ key: '/do/0/a', value: 'of another run' }])
    await store.save('r', token, [])
    await store.save('r', token, [{ key: '/do/2/c', value: false }, { key: '/do/1/b', value: 'again' }])
    await store.save('r', token, [{ key: `/do/3/${'long'.repeat(1_000)}`, value: null }])
    t.same(await store.checkpoints('r'), [
      { key: '/do/1/b', value: 'again' }, { key: '/do/0/a', value: { x: [1, null] } }, { key: '/do/2/c', value: false }, { key: `/do/3/${'long'.repeat(1_000)}`, value: null }
    ])
    t.same(await store.checkpoints('r2'), [{ key: '/do/0/a', value: 'of another run' }])
  })

  t.test('large and many checkpoints come back whole', async (t) => {
    const { store } = await makeStore(t, 3_600)
    const token = await begin(store, 'r')
    const large = Array.from({ length: 3 }, (_, index): Checkpoint => ({ key: `large ${index}`, value: `${index}`.repeat(6_000_000) }))
    const many = Array.from({ length: 3_000 }, (_, index): Checkpoint => ({ key: `many ${index}`, value: index }))
    for (const checkpoint of large) await store.save('r', token, [checkpoint])
    for (let start = 0; start < many.length; start += 100) await store.save('r', token, many.slice(start, start + 100))
    t.strictSame(await store.checkpoints('r'), [...large, ...many])
  })

  t.test('a run that is over is claimed and saved no more, and is kept until its time is over', async (t) => {
    const { store, pass } = await makeStore(t, 1_000)
    const token = await begin(store, 'r')
    await store.save('r', token, [{ key: 'k', value: 1 }])
    await store.finish('r', token)
    await store.finish('r', token)
    t.equal((await store.read('r'))?.isOver, true)
    t.equal(await store.claim('r', 'a', LONG_MS), null)
    t.equal(await store.cancel('r'), false)
    t.equal(await store.create(record('r')), 'exists')
    await t.rejects(store.renew('r', token, LONG_MS), fenced)
    await t.rejects(store.save('r', token, [{ key: 'k', value: 2 }]), fenced)
    t.same(await store.checkpoints('r'), [{ key: 'k', value: 1 }])
    await pass(1_000_000)
    t.equal(await store.read('r'), null)
    t.same(await store.checkpoints('r'), [])
    t.equal(await store.create(record('r')), 'created')
    t.same(await store.checkpoints('r'), [])
    t.type(await store.claim('r', 'b', LONG_MS), 'number')
  })

  t.test('a cancellation is noted, whoever executes the run, and does not hinder that', async (t) => {
    const { store } = await makeStore(t, 3_600)
    const token = await begin(store, 'r')
    t.equal(await store.renew('r', token, LONG_MS), false)
    t.equal(await store.cancel('r'), true)
    t.equal(await store.cancel('r'), true)
    t.equal((await store.read('r'))?.isCancelled, true)
    t.equal(await store.renew('r', token, LONG_MS), true)
    await store.save('r', token, [{ key: 'k', value: 1 }])
    await store.finish('r', token)
    t.match(await store.read('r'), { isOver: true, isCancelled: true })
  })

  t.test('the runs that are not over are found, the oldest first', async (t) => {
    const { store } = await makeStore(t, 3_600)
    t.same(await store.unfinished(), [])
    for (const [index, runId] of ['c', 'a', 'b'].entries()) await store.create(record(runId, { createdAt: 1_764_000_000_000 + index }))
    t.same(await store.unfinished(), ['c', 'a', 'b'])
    const token = claimed(await store.claim('a', 'x', LONG_MS))
    await store.cancel('b')
    t.same(await store.unfinished(), ['c', 'a', 'b'])
    await store.finish('a', token)
    t.same(await store.unfinished(), ['c', 'b'])
  })
}
