import t, { type Test } from 'tap'
import { createEmbeddedRunStore } from '../../../../services/engine/run-store/embedded/embedded-run-store.ts'
import { openTables } from '../../../../services/engine/run-store/embedded/tables.ts'
import { waitUntil } from '../../../helpers/wait-until.ts'
import { begin, record, runStoreContract } from './contract.ts'

runStoreContract(t, async (t, ttlSeconds) => {
  const { store, step } = await openStore(t, { ttlSeconds })
  return { store, pass: async (ms) => step(ms) }
})

async function openStore (t: Test, { directory = t.testdir(), ttlSeconds = 3_600, minFreeBytes = 0 } = {}) {
  let now = Date.now()
  const store = createEmbeddedRunStore({ directory, minFreeBytes, ttlSeconds, now: () => now })
  await store.open()
  t.teardown(() => store.close())
  return { store, directory, step: (ms: number) => { now += ms } }
}

t.test('everything is there after a restart', async (t) => {
  const { store, directory } = await openStore(t)
  const token = await begin(store, 'r')
  await store.save('r', token, [{ key: 'k', value: 1 }])
  const saving = store.save('r', token, [{ key: 'l', value: 2 }])
  await Promise.all([saving, store.close()])
  await t.rejects(store.read('r'), { code: 'unavailable' })

  const again = (await openStore(t, { directory })).store
  t.same(await again.unfinished(), ['r'])
  t.same(await again.checkpoints('r'), [{ key: 'k', value: 1 }, { key: 'l', value: 2 }])
  await again.save('r', token, [{ key: 'm', value: 3 }])
  t.ok(Number(await again.claim('r', 'b', 1_000)) > token, 'the lease of a process that is gone holds nobody up')
  await t.rejects(again.save('r', token, [{ key: 'n', value: 4 }]), { name: 'FencedError' })
})

t.test('an expired run is deleted', async (t) => {
  const { store, directory, step } = await openStore(t, { ttlSeconds: 10 })
  for (const runId of ['a', 'b', 'stays']) {
    const token = await begin(store, runId)
    const many = Array.from({ length: runId === 'a' ? 5_000 : 0 }, (_, index) => ({ key: `many ${index}`, value: index }))
    await store.save(runId, token, [{ key: 'k', value: 1 }, { key: 'l', value: 2 }, ...many])
    if (runId !== 'stays') await store.finish(runId, token)
  }
  const { root, ...tables } = await openTables(directory)
  step(9_999)
  await store.create(record('c'))
  t.equal([...tables.deadlines.getKeys()].length, 2)
  step(1)
  await waitUntil('all that has expired is gone', () => [...tables.deadlines.getKeys()].length === 0)
  await store.close()
  t.same([...tables.progress.getKeys()], ['c', 'stays'])
  t.same([...tables.records.getKeys()], ['c', 'stays'])
  t.same([...tables.checkpoints.getKeys()], [['stays', 0], ['stays', 1]])
  t.equal([...tables.numbers.getKeys()].length, 2)
  t.equal([...tables.unfinished.getKeys()].length, 2)
  await root.close()
})

t.test('a disk that is low takes no run on, lets none be executed and takes no checkpoint, but lets runs end', async (t) => {
  const { store, directory } = await openStore(t)
  const token = await begin(store, 'r')
  await store.close()
  const low = (await openStore(t, { directory, minFreeBytes: Number.MAX_SAFE_INTEGER })).store
  await t.rejects(low.create(record('other')), { code: 'storage_full' })
  await t.rejects(low.save('r', token, [{ key: 'k', value: 1 }]), { code: 'storage_full' })
  await t.rejects(low.claim('r', 'b', 1_000), { code: 'storage_full' })
  await low.cancel('r')
  await low.finish('r', token)
  t.match(await low.read('r'), { isOver: true, isCancelled: true })
})

t.test('one that is fenced leaves what shares its transaction alone', async (t) => {
  const { store } = await openStore(t)
  const token = await begin(store, 'a')
  const results = await Promise.allSettled([
    store.save('a', token, [{ key: 'k', value: 1 }]),
    store.save('a', token + 1, [{ key: 'k', value: 2 }]),
    store.create(record('b')),
    store.save('a', token, [{ key: 'l', value: 3 }])
  ])
  t.same(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  t.same(await store.checkpoints('a'), [{ key: 'k', value: 1 }, { key: 'l', value: 3 }])
})
