import { randomUUID } from 'node:crypto'
import { msOf, ORIGIN, seqOf } from '@runcast/protocol'
import type { Test } from 'tap'
import { append, at, logEvent, logEvents, payloads, read, readAll, ROOMY, type MakeHarness } from './support.ts'

/** Order, identity, tenants and trimming. */
export async function appendContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const { log } = await makeHarness(t, ROOMY)

  await t.test('ids count from 1 without holes, their time never goes back, and each event names its predecessor', async (t) => {
    const ids = [...await append(log, 'chain', logEvents(3)), ...await append(log, 'chain', logEvents(2, 4))]
    t.same(ids.map(seqOf), [1, 2, 3, 4, 5])
    t.same([...ids].sort((a, b) => msOf(a) - msOf(b) || seqOf(a) - seqOf(b)), ids)
    const events = await readAll(log, 'chain')
    t.same(events.map((event) => event.id), ids)
    t.same(events.map((event) => event.prev), [ORIGIN, ...ids.slice(0, -1)])
    t.same(payloads(events), [1, 2, 3, 4, 5])
  })

  await t.test('an id tells the time of its append', async (t) => {
    const { facts } = await read(log, 'clock', { at: 'end' })
    const ids = await append(log, 'clock', logEvents(1))
    const after = await read(log, 'clock', { at: 'end' })
    t.ok(msOf(at(ids, 0)) >= facts.now)
    t.ok(msOf(at(ids, 0)) <= after.facts.now)
  })

  await t.test('a batch of 1,000 events is one append', async (t) => {
    const ids = await append(log, 'batch', logEvents(1_000))
    t.equal(new Set(ids.map(msOf)).size, 1)
    t.same(ids.map(seqOf), Array.from({ length: 1_000 }, (_, index) => index + 1))
    t.same(payloads(await readAll(log, 'batch')), logEvents(1_000).map((event): unknown => JSON.parse(event.data)))
  })

  await t.test('appends at the same time follow each other without mixing', async (t) => {
    const batches = Array.from({ length: 20 }, (_, batch) => append(log, 'crowd', [logEvent([batch, 1]), logEvent([batch, 2]), logEvent([batch, 3])]))
    await Promise.all(batches)
    const events = await readAll(log, 'crowd')
    t.same(events.map((event) => seqOf(event.id)), Array.from({ length: 60 }, (_, index) => index + 1))
    for (let index = 0; index < 60; index += 3) {
      const batch = (JSON.parse(at(events, index).data) as [number])[0]
      t.same(payloads(events.slice(index, index + 3)), [[batch, 1], [batch, 2], [batch, 3]])
    }
  })

  await t.test('a payload and its type come back to the byte', async (t) => {
    const texts = ['"\\u0000\\ud83d\\ude00 ü\u2028"', '{"a":1.0,"a":2,"big":1152921504606846976}', 'null', '""', `"${'x'.repeat(300_000)}"`]
    await append(log, 'exact', texts.map((data, index) => ({ type: `Type_${index}.a:b-c`, data, effect: null })))
    const events = await readAll(log, 'exact')
    t.same(events.map((event) => event.data), texts)
    t.same(events.map((event) => event.type), texts.map((_, index) => `Type_${index}.a:b-c`))
  })

  await t.test('runs do not touch each other', async (t) => {
    await Promise.all([append(log, 'apart', logEvents(2)), append(log, 'apart.2', logEvents(1, 10)), append(log, 'apar', logEvents(1, 20))])
    t.same(payloads(await readAll(log, 'apart')), [1, 2])
    t.same(payloads(await readAll(log, 'apart.2')), [10])
    t.same(payloads(await readAll(log, 'apar')), [20])
  })

  await t.test('a run belongs to the tenant that first wrote to it', async (t) => {
    await append(log, 'owned', logEvents(1), { tenant: 'acme' })
    await append(log, 'free', logEvents(1))
    for (const [runId, tenant] of [['owned', 'other'], ['owned', ''], ['free', 'acme']] as const) {
      await t.rejects(append(log, runId, logEvents(1), { tenant }), { code: 'run_not_found' })
    }
    await append(log, 'owned', logEvents(1, 2), { tenant: 'acme' })
    const { events, facts } = await read(log, 'owned', { at: 'first' })
    t.same(payloads(events), [1, 2])
    t.equal(facts.tenant, 'acme')
    t.equal((await read(log, 'free', { at: 'end' })).facts.tenant, '')
  })

  await t.test('an append that is refused leaves nothing behind', async (t) => {
    await append(log, 'whole', [{ ...logEvent(1), once: { key: 'a', bodyHash: '1' } }])
    const batch = [logEvent(2), { ...logEvent(3), once: { key: 'b', bodyHash: '1' } }, { ...logEvent(4), once: { key: 'a', bodyHash: 'other' } }]
    const appendId = randomUUID()
    await t.rejects(append(log, 'whole', batch, { appendId }), { code: 'idempotency_conflict' })
    t.same(payloads(await readAll(log, 'whole')), [1])
    await append(log, 'whole', [{ ...logEvent(5), once: { key: 'b', bodyHash: 'free' } }], { appendId })
    t.same(payloads(await readAll(log, 'whole')), [1, 5])
    t.same((await log.readRun('whole'))?.counts, { log: 2 })
  })

  await t.test('trimming', (t) => trimContract(t, makeHarness))
}

async function trimContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const few = (await makeHarness(t, { ...ROOMY, maxEvents: 10 })).log
  const small = (await makeHarness(t, { ...ROOMY, maxBytes: 10_000 })).log

  await t.test('the log keeps exactly as many events as it may', async (t) => {
    await append(few, 'count', logEvents(10))
    t.equal((await readAll(few, 'count')).length, 10)
    await append(few, 'count', logEvents(3, 11))
    t.same(payloads(await readAll(few, 'count')), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    await append(few, 'count', logEvents(25, 14))
    t.same(payloads(await readAll(few, 'count')), [29, 30, 31, 32, 33, 34, 35, 36, 37, 38])
    const run = await few.readRun('count')
    t.equal(run?.events, 38)
    t.same(run?.counts, { log: 38 })
    t.equal(seqOf(run?.firstEventId ?? ORIGIN), 29)
  })

  await t.test('the log keeps no more bytes than it may, and nearly as many', async (t) => {
    for (let round = 0; round < 7; round++) await append(small, 'bytes', Array.from({ length: 5 }, () => logEvent('x'.repeat(998))))
    const kept = (await readAll(small, 'bytes')).length
    t.ok(kept <= 10 && kept >= 9, `${kept} events of 1,000 bytes`)
    await append(small, 'bytes', Array.from({ length: 40 }, () => logEvent('y'.repeat(98))))
    const mixed = await readAll(small, 'bytes')
    const bytes = mixed.reduce((sum, event) => sum + event.data.length, 0)
    t.ok(bytes <= 10_000 && bytes >= 8_000, `${bytes} bytes`)
    t.equal(seqOf(at(mixed, -1).id), 75)
  })

  await t.test('the newest event stays, however large', async (t) => {
    await append(small, 'large', [...logEvents(5), logEvent('z'.repeat(50_000))])
    t.same((await readAll(small, 'large')).map((event) => seqOf(event.id)), [6])
    await append(small, 'large', logEvents(2, 7))
    t.same(payloads(await readAll(small, 'large')), [7, 8])
  })
}
