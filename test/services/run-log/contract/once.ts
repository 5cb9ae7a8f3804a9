import { randomUUID } from 'node:crypto'
import { seqOf } from '@runcast/protocol'
import type { Test } from 'tap'
import type { AppendRequest } from '../../../../services/run-log/run-log.ts'
import { append, at, logEvent, logEvents, payloads, readAll, ROOMY, type MakeHarness } from './support.ts'

/** Append ids, idempotency keys and the publishers' own event ids. */
export async function onceContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const { log } = await makeHarness(t, ROOMY)
  const request = (runId: string, more: Partial<AppendRequest>): AppendRequest =>
    ({ runId, tenant: '', events: logEvents(3), appendId: randomUUID(), ...more })

  await t.test('an append id is carried out once, and its repetition gets the same ids', async (t) => {
    const named = request('append-id', { appendId: randomUUID() })
    const first = await log.append(named)
    await append(log, 'append-id', logEvents(1, 4))
    t.same((await log.append(named)).ids, first.ids)
    t.equal(first.duplicate, false)
    const racing = request('append-id', { events: logEvents(2, 5) })
    const [left, right] = await Promise.all([log.append(racing), log.append(racing)])
    t.same(left.ids, right.ids)
    t.same(payloads(await readAll(log, 'append-id')), [1, 2, 3, 4, 5, 6])
  })

  await t.test('an idempotency key is carried out once per run', async (t) => {
    const once = { key: 'deploy 1', bodyHash: 'abc' }
    const first = await log.append(request('key', { once }))
    const second = await log.append(request('key', { once }))
    t.same(second, { ...first, duplicate: true })
    t.equal((await log.append(request('key-2', { once }))).duplicate, false)
    t.same(payloads(await readAll(log, 'key')), [1, 2, 3])
  })

  await t.test('an idempotency key with another body is a conflict', async (t) => {
    await log.append(request('clash', { once: { key: 'k', bodyHash: '1' } }))
    await t.rejects(log.append(request('clash', { once: { key: 'k', bodyHash: '2' } })), { code: 'idempotency_conflict' })
    t.equal((await readAll(log, 'clash')).length, 3)
  })

  await t.test('a key of another tenant\'s run says nothing of that run', async (t) => {
    const once = { key: 'k', bodyHash: '1' }
    await log.append(request('secret', { tenant: 'acme', once }))
    await t.rejects(log.append(request('secret', { tenant: 'other', once })), { code: 'run_not_found' })
  })

  await t.test('an event id is stored once within its run, wherever it stands in a batch', async (t) => {
    const named = (name: string) => ({ ...logEvent(name), once: { key: name, bodyHash: `of ${name}` } })
    const ids = await append(log, 'events', [named('a'), logEvent('plain'), named('b')])
    const mixed = await log.append(request('events', { events: [named('c'), named('b'), logEvent('plain'), named('a'), named('c')] }))
    t.same(mixed.ids.map(seqOf), [4, 3, 5, 1, 4])
    t.equal(mixed.duplicate, false)
    const again = await log.append(request('events', { events: [named('b'), named('c')] }))
    t.match(again, { ids: [at(ids, 2), at(mixed.ids, 0)], duplicate: true })
    t.same(payloads(await readAll(log, 'events')), ['a', 'plain', 'b', 'c', 'plain'])
    t.same((await log.readRun('events'))?.counts, { log: 5 })
  })

  await t.test('an event id with another body is a conflict, also within one batch', async (t) => {
    const named = (payload: number) => ({ ...logEvent(payload), once: { key: 'same', bodyHash: `${payload}` } })
    await t.rejects(append(log, 'event-clash', [named(1), named(2)]), { code: 'idempotency_conflict' })
    await append(log, 'event-clash', [named(1)])
    await t.rejects(append(log, 'event-clash', [named(2)]), { code: 'idempotency_conflict' })
    t.same(payloads(await readAll(log, 'event-clash')), [1])
  })

  await t.test('an event that is stored already does nothing to the state of its run', async (t) => {
    const named = (name: string) => ({ ...logEvent(name, { name }), once: { key: name, bodyHash: name } })
    await append(log, 'effects', [named('first')])
    await append(log, 'effects', [named('second')])
    await append(log, 'effects', [named('first')])
    t.equal((await log.readRun('effects'))?.name, 'second')
  })

  await t.test('fifty identical appends at once store one', async (t) => {
    const once = { key: 'racing', bodyHash: '1' }
    const results = await Promise.all(Array.from({ length: 50 }, () => log.append(request('race', { once }))))
    t.equal(results.filter((result) => !result.duplicate).length, 1)
    t.equal(new Set(results.map((result) => result.ids.join())).size, 1)
    t.equal((await readAll(log, 'race')).length, 3)
  })
}
