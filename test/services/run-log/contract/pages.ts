import { msOf, ORIGIN, seqOf, type EventId } from '@runcast/protocol'
import type { Test } from 'tap'
import type { LogEvent } from '../../../../services/run-log/run-log.ts'
import { append, at, clockPast, logEvent, logEvents, payloads, read, readAfter, readAll, ROOMY, type MakeHarness } from './support.ts'

/** Covers the begin and the size of a page, and paging backwards. */
export async function pageContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const harness = await makeHarness(t, { ...ROOMY, maxEvents: 20 })
  const { log } = harness
  const roomy = (await makeHarness(t, ROOMY)).log

  await t.test('pages of a limit follow each other without hole or overlap', async (t) => {
    await append(log, 'pages', logEvents(20))
    const seen: LogEvent[] = []
    let cursor: EventId = ORIGIN
    for (let page = await readAfter(log, 'pages', cursor, 7); page.events.length > 0; page = await readAfter(log, 'pages', cursor, 7)) {
      t.ok(page.events.length <= 7)
      t.equal(page.events[0]?.prev, cursor)
      t.equal(seqOf(page.facts.last), 20)
      seen.push(...page.events)
      cursor = at(page.events, -1).id
    }
    t.same(payloads(seen), payloads(await readAll(log, 'pages')))
  })

  await t.test('a page of large events is cut at about a mebibyte, but never empty', async (t) => {
    await append(roomy, 'large', Array.from({ length: 20 }, (_, index) => logEvent(`${index}`.padEnd(200_000, 'x'))))
    await append(roomy, 'large', [logEvent('y'.repeat(3_000_000))])
    let cursor: EventId = ORIGIN
    let count = 0
    for (let page = await readAfter(roomy, 'large', cursor); page.events.length > 0; page = await readAfter(roomy, 'large', cursor)) {
      const bytes = page.events.reduce((sum, event) => sum + event.data.length, 0)
      t.ok(page.events.length === 1 || bytes <= 1_500_000, `${page.events.length} events of ${bytes} bytes`)
      count += page.events.length
      cursor = at(page.events, -1).id
    }
    t.equal(count, 21)
  })

  await t.test('from the end: nothing, and the newest id as the position', async (t) => {
    const ids = await append(log, 'end', logEvents(5))
    const page = await read(log, 'end', { at: 'end' })
    t.same(page.resume, { position: ids[4], gap: null })
    t.same(page.events, [])
    t.same((await read(log, 'end-of-none', { at: 'end' })).resume, { position: ORIGIN, gap: null })
  })

  await t.test('the tail: the newest n, or all there are', async (t) => {
    const ids = [...await append(log, 'tail', logEvents(3)), ...await append(log, 'tail', logEvents(3, 4))]
    for (let count = 1; count <= 6; count++) {
      const page = await read(log, 'tail', { at: 'tail', count })
      t.same(page.resume, { position: ids[5 - count] ?? ORIGIN, gap: null })
      t.same(payloads(page.events), [1, 2, 3, 4, 5, 6].slice(-count))
    }
    t.same(payloads((await read(log, 'tail', { at: 'tail', count: 1_000_000_000 })).events), [1, 2, 3, 4, 5, 6])
    t.same(payloads((await read(log, 'tail', { at: 'tail', count: 5 }, 2)).events), [2, 3])
    t.same((await read(log, 'tail-of-none', { at: 'tail', count: 3 })).resume, { position: ORIGIN, gap: null })
    t.match(await read(log, 'tail', { at: 'tail', count: 0 }), { resume: { position: ids[5], gap: null }, events: [] })
  })

  await t.test('a tail longer than what is kept says how many are missing', async (t) => {
    const ids = await append(log, 'short-tail', logEvents(30))
    const page = await read(log, 'short-tail', { at: 'tail', count: 25 })
    t.same(page.resume, { position: ids[9], gap: { reason: 'expired', requested: null, lost: 5 } })
    t.equal(page.events.length, 20)
    t.same((await read(log, 'short-tail', { at: 'tail', count: 20 })).resume, { position: ids[9], gap: null })
  })

  await t.test('since a time: the events of that millisecond and later', async (t) => {
    const early = await append(log, 'since', logEvents(2))
    await clockPast(log, msOf(at(early, 0)))
    const late = await append(log, 'since', logEvents(2, 3))
    const ms = msOf(at(late, 0))
    for (const since of [ms, ms - 1]) {
      const page = await read(log, 'since', { at: 'since', ms: Math.max(since, msOf(at(early, 0)) + 1) })
      t.same(page.resume, { position: early[1], gap: null })
      t.same(page.events.map((event) => event.id), late)
    }
    t.same((await read(log, 'since', { at: 'since', ms: 0 })).resume, { position: ORIGIN, gap: null })
    t.same((await read(log, 'since', { at: 'since', ms: 0 })).events.length, 4)
    const future = await read(log, 'since', { at: 'since', ms: ms + 3_600_000 })
    t.same(future.resume, { position: at(late, -1), gap: null })
    t.same(future.events, [])
  })

  await t.test('since a time whose events are trimmed: a gap of unknown size', async (t) => {
    const ids = await append(log, 'since-gap', logEvents(30))
    const page = await read(log, 'since-gap', { at: 'since', ms: msOf(at(ids, 0)) })
    t.same(page.resume, { position: ids[9], gap: { reason: 'expired', requested: null, lost: null } })
    t.equal(page.events.length, 20)
  })

  await t.test('backwards: the newest before a place, in ascending order', async (t) => {
    const ids = await append(log, 'back', logEvents(8))
    t.same(payloads(await log.readBefore('back', null, 3)), [6, 7, 8])
    t.same(payloads(await log.readBefore('back', at(ids, 5), 3)), [3, 4, 5])
    const front = await log.readBefore('back', at(ids, 2), 3)
    t.same(payloads(front), [1, 2])
    t.same(front.map((event) => event.prev), [ORIGIN, ids[0]])
    t.same(await log.readBefore('back', at(ids, 0), 3), [])
    t.same(await log.readBefore('back-of-none', null, 3), [])
    t.same(payloads(await log.readBefore('back', `${Number.MAX_SAFE_INTEGER}-1`, 2)), [7, 8])
    t.same(await log.readBefore('back', ORIGIN, 3), [])
  })

  await t.test('backwards a page of large events is cut too, at its front', async (t) => {
    await append(roomy, 'large-back', Array.from({ length: 20 }, (_, index) => logEvent(`${index}`.padEnd(200_000, 'x'))))
    const page = await roomy.readBefore('large-back', null, 1_000)
    t.ok(page.length >= 1 && page.length <= 8)
    t.equal(seqOf(at(page, -1).id), 20)
    t.same(page.map((event) => seqOf(event.id)), page.map((_, index) => 20 - page.length + 1 + index))
  })

  await t.test('of the ids that a topic holds: the newest that is kept', async (t) => {
    const ids = await append(log, 'kept', logEvents(30))
    const foreign = `${msOf(at(ids, -1)) + 1}-31`
    t.equal(await log.newestKept('kept', [foreign, at(ids, 29), at(ids, 28)]), ids[29])
    t.equal(await log.newestKept('kept', [foreign, '1-30', at(ids, 10), at(ids, 9)]), ids[10])
    t.equal(await log.newestKept('kept', [foreign, at(ids, 9)]), null)
    t.equal(await log.newestKept('kept', []), null)
    t.equal(await log.newestKept('kept-of-none', ids), null)
  })
}
