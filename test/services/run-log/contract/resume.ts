import { joinEventId, msOf, ORIGIN, seqOf, splitEventId } from '@runcast/protocol'
import type { Test } from 'tap'
import { append, at, clockPast, logEvents, payloads, read, readAfter, ROOMY, type MakeHarness } from './support.ts'

/** Every row of the resume table that the run log decides. */
export async function resumeContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const harness = await makeHarness(t, { ...ROOMY, maxEvents: 10 })
  const { log } = harness

  await t.test('without a cursor: everything retained', async (t) => {
    const ids = await append(log, 'fresh', logEvents(4))
    const page = await read(log, 'fresh', { at: 'first' })
    t.same(page.resume, { position: ORIGIN, gap: null })
    t.same(payloads(page.events), [1, 2, 3, 4])
    t.match(page.facts, { exists: true, first: { id: ids[0], prev: ORIGIN }, last: ids[3] })
  })

  await t.test('a cursor within the log: what follows', async (t) => {
    const ids = await append(log, 'within', logEvents(4))
    for (const [index, id] of ids.entries()) {
      const page = await readAfter(log, 'within', id)
      t.same(page.resume, { position: id, gap: null })
      t.same(payloads(page.events), [1, 2, 3, 4].slice(index + 1))
    }
    t.same(payloads((await readAfter(log, 'within', ORIGIN)).events), [1, 2, 3, 4])
  })

  await t.test('the predecessor of the first entry: gapless', async (t) => {
    const ids = await append(log, 'edge', logEvents(13))
    const edge = at(ids, 2)
    const page = await readAfter(log, 'edge', edge)
    t.same(page.facts.first, { id: ids[3], prev: edge })
    t.same(page.resume, { position: edge, gap: null })
    t.same(payloads(page.events), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
  })

  await t.test('before the first entry otherwise: expired with the exact count', async (t) => {
    const ids = await append(log, 'expired', logEvents(13))
    const page = await readAfter(log, 'expired', at(ids, 0))
    t.same(page.resume, { position: ids[2], gap: { reason: 'expired', requested: ids[0], lost: 2 } })
    t.same(payloads(page.events), [4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    const origin = await readAfter(log, 'expired', ORIGIN)
    t.same(origin.resume, { position: ids[2], gap: { reason: 'expired', requested: ORIGIN, lost: 3 } })
  })

  await t.test('without a cursor and the front trimmed: the same, nothing requested', async (t) => {
    const ids = await append(log, 'front', logEvents(13))
    const page = await read(log, 'front', { at: 'first' })
    t.same(page.resume, { position: ids[2], gap: { reason: 'expired', requested: null, lost: 3 } })
    t.equal(page.events.length, 10)
  })

  await t.test('a cursor that the log contradicts: forked, then everything retained', async (t) => {
    const ids = await append(log, 'forked', logEvents(13))
    const first = splitEventId(at(ids, 3))
    const last = splitEventId(at(ids, -1))
    const contradictions = [
      joinEventId(last.ms, last.seq + 1),
      joinEventId(last.ms + 60_000, last.seq + 100),
      joinEventId(last.ms - 1, last.seq),
      joinEventId(first.ms + 1, first.seq + 2),
      joinEventId(first.ms + 1, first.seq - 1),
      joinEventId(first.ms + 1, 1),
      joinEventId(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    ]
    for (const cursor of contradictions) {
      const page = await readAfter(log, 'forked', cursor)
      t.same(page.resume, { position: ids[2], gap: { reason: 'forked', requested: cursor, lost: null } }, cursor)
      t.equal(page.events.length, 10)
    }
  })

  await t.test('the log is gone, the state is there: judged by the last id', async (t) => {
    const ids = await append(log, 'state-only', logEvents(5))
    const last = at(ids, 4)
    await harness.expireLog('state-only')
    const level = await readAfter(log, 'state-only', last)
    t.match(level.facts, { exists: true, first: null, last })
    t.same(level.resume, { position: last, gap: null })
    t.same(level.events, [])
    const behind = await readAfter(log, 'state-only', at(ids, 1))
    t.same(behind.resume, { position: last, gap: { reason: 'expired', requested: ids[1], lost: 3 } })
    t.same((await read(log, 'state-only', { at: 'first' })).resume, { position: last, gap: { reason: 'expired', requested: null, lost: 5 } })
    const beyond = joinEventId(msOf(last), seqOf(last) + 1)
    t.same((await readAfter(log, 'state-only', beyond)).resume, { position: last, gap: { reason: 'forked', requested: beyond, lost: null } })
  })

  await t.test('a run whose log is gone goes on counting, and whoever was level misses nothing', async (t) => {
    const ids = await append(log, 'goes-on', logEvents(5))
    await harness.expireLog('goes-on')
    const [next] = await append(log, 'goes-on', logEvents(1, 6))
    t.equal(seqOf(next ?? ORIGIN), 6)
    const page = await readAfter(log, 'goes-on', at(ids, 4))
    t.equal(page.resume.gap, null)
    t.same(page.events.map((event) => [event.id, event.prev, event.data]), [[next, ids[4], '6']])
    t.same((await readAfter(log, 'goes-on', at(ids, 0))).resume.gap, { reason: 'expired', requested: ids[0], lost: 4 })
  })

  await t.test('both are gone: a young cursor was forked, an old one is expired', async (t) => {
    await append(log, 'gone', logEvents(5))
    await harness.expireRun('gone')
    const { facts, resume } = await read(log, 'gone', { at: 'first' })
    t.match(facts, { exists: false, first: null, last: ORIGIN, tenant: '', status: null, terminalId: null })
    t.same(resume, { position: ORIGIN, gap: null })
    t.same((await readAfter(log, 'gone', ORIGIN)).resume, { position: ORIGIN, gap: null })
    const young = joinEventId(facts.now - 1_000, 5)
    t.same((await readAfter(log, 'gone', young)).resume, { position: ORIGIN, gap: { reason: 'forked', requested: young, lost: null } })
    const old = joinEventId(facts.now - (ROOMY.ttlSeconds + 60) * 1_000, 5)
    const page = await readAfter(log, 'gone', old)
    t.same(page.resume, { position: joinEventId(page.facts.now, 0), gap: { reason: 'expired', requested: old, lost: null } })
    t.equal(await log.readRun('gone'), null)
  })

  await t.test('a run that is gone begins anew, and no old cursor passes for a new one', async (t) => {
    const before = await append(log, 'anew', logEvents(5))
    await harness.expireRun('anew')
    await clockPast(log, msOf(at(before, 0)))
    const after = await append(log, 'anew', logEvents(5, 10), { tenant: 'another' })
    t.same(after.map(seqOf), [1, 2, 3, 4, 5])
    for (const cursor of before) {
      t.notOk(after.includes(cursor))
      const { resume, events } = await readAfter(log, 'anew', cursor)
      t.equal(resume.position, ORIGIN)
      t.ok(resume.gap)
      t.same(payloads(events), [10, 11, 12, 13, 14])
    }
  })

  await t.test('a run that never was: nothing, and its first events follow 0-0', async (t) => {
    const page = await readAfter(log, 'never', ORIGIN)
    t.equal(page.facts.exists, false)
    t.same(page.resume, { position: ORIGIN, gap: null })
    await append(log, 'never', logEvents(1))
    t.same(payloads((await readAfter(log, 'never', ORIGIN)).events), [1])
  })
}
