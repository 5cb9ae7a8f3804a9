import { setTimeout as delay } from 'node:timers/promises'
import { msOf } from '@runcast/protocol'
import type { Test } from 'tap'
import type { AppendRequest, NewEvent } from '../../../../services/run-log/run-log.ts'
import { append, at, clockPast, logEvents, read, readAll, ROOMY, statusEvent, type MakeHarness } from './support.ts'

const REMARK: NewEvent = { type: 'publish_refused', data: '{"count":1}', effect: null }
const within = (withinMs: number): Partial<AppendRequest> => ({ remark: { withinMs } })

/** Events that the service writes about a run. */
export async function remarksContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const { log, expireLog } = await makeHarness(t, ROOMY)

  await t.test('a remark is an event of a run that is there, of exactly its tenant', async (t) => {
    for (const runId of ['never', 'owned', 'gone']) {
      if (runId === 'owned') await append(log, runId, logEvents(1), { tenant: 'acme' })
      if (runId === 'gone') {
        await append(log, runId, logEvents(1))
        await expireLog(runId)
      }
      for (const tenant of runId === 'owned' ? ['', 'other'] : ['']) {
        await t.rejects(append(log, runId, [REMARK], { tenant, ...within(1_000) }), { code: 'run_not_found' }, `${runId} of ${tenant}`)
      }
    }
    t.equal(await log.readRun('never'), null)
    t.equal((await readAll(log, 'gone')).length, 0)
    await append(log, 'owned', [REMARK], { tenant: 'acme', ...within(0) })
    t.same((await readAll(log, 'owned')).map(({ type }) => type), ['log', 'publish_refused'])
    t.match(await log.readRun('owned'), { events: 2, counts: { log: 1, publish_refused: 1 } })
  })

  await t.test('a finished run takes remarks for a time, and they do not count as its newest event', async (t) => {
    const [, end] = await append(log, 'over', [statusEvent('running'), statusEvent('succeeded', { outcome: 'succeeded' })])
    const endMs = msOf(end ?? '')
    await clockPast(log, endMs + 5)
    for (let count = 0; count < 2; count++) await append(log, 'over', [REMARK], within(60_000))
    const { facts } = await read(log, 'over', { at: 'end' })
    t.ok(msOf(facts.last) > endMs)
    t.equal(facts.quietSince, endMs)
    await clockPast(log, msOf(facts.last))
    const [straggler] = await append(log, 'over', logEvents(1))
    t.equal((await read(log, 'over', { at: 'end' })).facts.quietSince, msOf(straggler ?? ''))
    await append(log, 'over', [REMARK], within(60_000))
    t.equal((await read(log, 'over', { at: 'end' })).facts.quietSince, msOf(straggler ?? ''))
    await t.rejects(append(log, 'over', [REMARK], within(1)), { code: 'run_not_found' })
    t.equal(at(await readAll(log, 'over'), -1).type, 'publish_refused')
  })

  await t.test('remarks do not prolong the life of a run', { timeout: 30_000 }, async (t) => {
    const short = (await makeHarness(t, { ...ROOMY, ttlSeconds: 1 })).log
    await append(short, 'brief', logEvents(1))
    await t.rejects(async () => {
      for (;;) {
        await append(short, 'brief', [REMARK], within(0))
        await delay(20)
      }
    }, { code: 'run_not_found' })
    t.equal((await read(short, 'brief', { at: 'first' })).facts.first, null)
  })
}
