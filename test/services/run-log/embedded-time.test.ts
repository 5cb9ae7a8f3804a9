import { join } from 'node:path'
import { joinEventId, msOf, seqOf } from '@runcast/protocol'
import { open } from 'lmdb'
import t from 'tap'
import { openStore } from '../../../services/run-log/embedded/store.ts'
import { APPEND_ID_TTL_MS, ONCE_TTL_MS, STATE_EXTRA_TTL_SECONDS } from '../../../services/run-log/retention.ts'
import { openLog } from '../../helpers/run-log/embedded-run-log.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { append, logEvent, logEvents, payloads, read, readAll, ROOMY, stepEvent } from './contract/support.ts'

const WEEK_MS = STATE_EXTRA_TTL_SECONDS * 1_000

t.test('the clock', async (t) => {
  await t.test('may go back: ids do not', async (t) => {
    const { log, clock } = await openLog(t)
    const [first] = await append(log, 'run', logEvents(1))
    clock.step(-3_600_000)
    const [second] = await append(log, 'run', logEvents(1))
    t.equal(second, joinEventId(msOf(first ?? ''), 2))
    clock.step(3_600_000 + 5)
    const [third] = await append(log, 'run', logEvents(1))
    t.equal(third, joinEventId(msOf(first ?? '') + 5, 3))
  })

  await t.test('ends a log to the millisecond, and later its state, whether or not the sweep was there', async (t) => {
    const { log, clock } = await openLog(t)
    await append(log, 'run', logEvents(3))
    clock.step(ROOMY.ttlSeconds * 1_000 - 1)
    t.equal((await readAll(log, 'run')).length, 3)
    clock.step(1)
    t.match(await read(log, 'run', { at: 'first' }), { facts: { exists: true, first: null }, events: [] })
    clock.step(WEEK_MS - 1)
    t.equal((await log.readRun('run'))?.events, 3)
    clock.step(1)
    t.equal(await log.readRun('run'), null)
    const ids = await append(log, 'run', logEvents(2, 10), { tenant: 'other' })
    t.same(ids.map(seqOf), [1, 2])
    t.same(payloads(await readAll(log, 'run')), [10, 11])
  })

  await t.test('forgets append ids after a minute and idempotency keys after ten', async (t) => {
    const { log, clock } = await openLog(t)
    const request = { runId: 'run', tenant: '', events: logEvents(1) }
    const once = { key: 'k', bodyHash: '1' }
    await log.append({ ...request, appendId: 'a', once })
    clock.step(APPEND_ID_TTL_MS)
    t.equal((await log.append({ ...request, appendId: 'a' })).duplicate, false)
    clock.step(ONCE_TTL_MS - APPEND_ID_TTL_MS - 1)
    t.equal((await log.append({ ...request, appendId: 'b', once })).duplicate, true)
    clock.step(1)
    t.equal((await log.append({ ...request, appendId: 'c', once: { key: 'k', bodyHash: 'other' } })).duplicate, false)
  })
})

t.test('a changed RUN_TTL_S', async (t) => {
  const DAY_MS = 86_400_000

  await t.test('deletes nothing at the next start', async (t) => {
    const { log, directory, clock } = await openLog(t)
    await append(log, 'run', [...logEvents(3), stepEvent('a', 'running')])
    await log.close()
    clock.step(ROOMY.ttlSeconds * 1_000 - 1)
    const lowered = await openLog(t, { directory, clock, retention: { ...ROOMY, ttlSeconds: 1 } })
    t.equal((await readAll(lowered.log, 'run')).length, 4)
    await append(lowered.log, 'run', logEvents(1, 4))
    clock.step(1)
    t.equal((await readAll(lowered.log, 'run')).length, 5, 'the later append counts for one second')
    clock.step(999)
    await sweptTo(directory, { runs: 1, entries: 0 })
    clock.step(WEEK_MS - 1)
    t.equal((await lowered.log.readRun('run'))?.events, 5)
    clock.step(1)
    await sweptTo(directory, { runs: 0, index: 0, steps: 0, entries: 0, once: 0, deadlines: 0 })
  })

  await t.test('keeps a run that is older than the record of its end for a day at least', async (t) => {
    const { log, directory, clock } = await openLog(t)
    await append(log, 'run', logEvents(3))
    await log.close()
    const { root, runs } = await openStore(directory)
    const run = runs.get('run')
    t.equal(run?.expiresAt, clock.now() + ROOMY.ttlSeconds * 1_000)
    if (run !== undefined) {
      delete run.expiresAt
      runs.putSync('run', run)
    }
    await root.close()
    const lowered = await openLog(t, { directory, clock, retention: { ...ROOMY, ttlSeconds: 1 } })
    clock.step(DAY_MS - 1)
    t.equal((await readAll(lowered.log, 'run')).length, 3)
    clock.step(1)
    await sweptTo(directory, { runs: 1, entries: 0 })
  })
})

t.test('the sweep', async (t) => {
  await t.test('deletes everything of runs whose time is over, and nothing of others', async (t) => {
    const { log, directory, clock } = await openLog(t)
    for (let batch = 0; batch < 5; batch++) await append(log, 'large', logEvents(1_000))
    for (let run = 0; run < 20; run++) {
      const named = { ...logEvent(run), once: { key: `event ${run}`, bodyHash: '1' } }
      await append(log, `run-${run}`, [named, stepEvent('a', 'running')], { tenant: `tenant-${run % 3}`, once: { key: 'k', bodyHash: '1' } })
    }
    clock.step(ROOMY.ttlSeconds * 1_000 - 1)
    await append(log, 'kept', [...logEvents(3), stepEvent('a', 'running')])
    await append(log, 'run-7', logEvents(1), { tenant: 'tenant-1' })
    clock.step(1)
    await sweptTo(directory, { runs: 22, index: 22, steps: 21, entries: 7, once: 2, deadlines: 24 })
    clock.step(WEEK_MS - 1)
    await append(log, 'kept', [logEvent(4)])
    clock.step(1)
    await sweptTo(directory, { runs: 2, index: 2, steps: 2, entries: 1, once: 1, deadlines: 3 })
    t.same(payloads(await readAll(log, 'kept')), [4])
    clock.step(WEEK_MS * 2)
    await sweptTo(directory, { runs: 0, index: 0, steps: 0, entries: 0, once: 0, deadlines: 0 })
  })

  await t.test('leaves alone a log that began again before it came', async (t) => {
    const { log, directory, clock } = await openLog(t)
    const ids = await append(log, 'run', logEvents(50))
    clock.step(ROOMY.ttlSeconds * 1_000)
    const [next] = await append(log, 'run', logEvents(1, 51))
    await sweptTo(directory, { entries: 1 })
    t.same((await readAll(log, 'run')).map(({ id, prev }) => [id, prev]), [[next, ids[49]]])
    clock.step(ROOMY.ttlSeconds * 1_000)
    await sweptTo(directory, { entries: 0 })
  })
})

/** Waits until the tables have so many rows. */
async function sweptTo (directory: string, expected: Record<string, number>): Promise<void> {
  let rows: Record<string, number> = {}
  await waitUntil('the sweep was there', async () => {
    rows = await rowsOf(directory)
    return Object.entries(expected).every(([name, count]) => rows[name] === count)
  }).catch((error: unknown) => {
    throw new Error(`${JSON.stringify(rows)} instead of ${JSON.stringify(expected)}`, { cause: error })
  })
}

/** Counts the rows of each table. Reads only, since in one process a second writer would block the first. */
async function rowsOf (directory: string): Promise<Record<string, number>> {
  const root = open({ path: join(directory, 'runs.mdb'), readOnly: true })
  const names = ['runs', 'steps', 'entries', 'once', 'index', 'deadlines']
  const rows = Object.fromEntries(names.map((name) => [name, root.openDB({ name }).getCount()]))
  await root.close()
  return rows
}
