import type { Test } from 'tap'
import { waitUntil } from '../../../helpers/wait-until.ts'
import { append, logEvents, payloads, read, readAll, ROOMY, stepEvent, type MakeHarness } from './support.ts'

/** The part of the contract about the end of a run, which its appends fix. */
export async function retentionContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  await t.test('a lower RUN_TTL_S ends new runs sooner, and no run that was there', async (t) => {
    const { log, reopen } = await makeHarness(t, ROOMY)
    await append(log, 'silent', [...logEvents(2), stepEvent('a', 'running')])
    await append(log, 'busy', logEvents(2))
    const lowered = await reopen({ ...ROOMY, ttlSeconds: 1 })
    await append(lowered, 'busy', logEvents(1, 3))
    await append(lowered, 'new', logEvents(1))
    await waitUntil('the new run has expired', async () => (await read(lowered, 'new', { at: 'first' })).facts.first === null)
    t.equal((await readAll(lowered, 'silent')).length, 3)
    t.same(payloads(await readAll(lowered, 'busy')), [1, 2, 3])
    t.equal((await lowered.readRun('silent'))?.steps.length, 1)
    t.equal((await lowered.readRun('new'))?.firstEventId, null)
  })

  await t.test('a higher RUN_TTL_S holds from the next append on', async (t) => {
    const { log, reopen } = await makeHarness(t, { ...ROOMY, ttlSeconds: 2 })
    await append(log, 'silent', logEvents(1))
    await append(log, 'busy', logEvents(1))
    const raised = await reopen(ROOMY)
    await append(raised, 'busy', logEvents(1, 2))
    await waitUntil('the silent run has expired', async () => (await read(raised, 'silent', { at: 'first' })).facts.first === null)
    t.same(payloads(await readAll(raised, 'busy')), [1, 2])
  })
}
