import { msOf, ORIGIN, seqOf, type EventId } from '@runcast/protocol'
import t, { type Test } from 'tap'
import { createInProcessChannels } from '../../../services/pubsub/in-process-channels.ts'
import { createEmbeddedRunLog, type EmbeddedOptions } from '../../../services/run-log/embedded/embedded-run-log.ts'
import { openStore, type StoredRun } from '../../../services/run-log/embedded/store.ts'
import type { LiveMessage } from '../../../services/run-log/live-message.ts'
import { STATE_EXTRA_TTL_SECONDS, type Retention } from '../../../services/run-log/retention.ts'
import { startProgram } from '../../helpers/child-process.ts'
import { openLog } from '../../helpers/run-log/embedded-run-log.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { runLogContract, type RunLogHarness } from './contract.ts'
import { append, at, logEvent, logEvents, payloads, read, readAfter, readAll, ROOMY, stepEvent } from './contract/support.ts'

runLogContract(t, makeHarness)

t.test('a live message for every append', async (t) => {
  const live = createInProcessChannels()
  const log = createEmbeddedRunLog({ ...options(t.testdir()), publish: live.publish })
  await log.open()
  t.teardown(() => log.close())
  const heard: LiveMessage[] = []
  const unsubscribe = await live.subscribe('run', (message) => heard.push(message))

  await t.test('is there before the append resolves, and continues the one before', async (t) => {
    const first = await append(log, 'run', logEvents(2))
    t.match(heard, [{ prev: ORIGIN, last: first[1] }])
    const second = await append(log, 'run', logEvents(1, 3))
    t.match(heard[1], { prev: first[1], last: second[0] })
    t.same(heard.flatMap(({ events }) => events ?? []), await readAll(log, 'run'))
  })

  await t.test('keeps the order of the log when appends race', async (t) => {
    heard.length = 0
    await Promise.all(Array.from({ length: 100 }, (_, index) => append(log, 'run', logEvents(3, index))))
    t.same(heard.flatMap(({ events }) => events ?? []), (await readAll(log, 'run')).slice(3))
    for (const [index, message] of heard.entries()) if (index > 0) t.equal(message.prev, heard[index - 1]?.last)
  })

  await t.test('carries only what is new, and is left out when nothing is', async (t) => {
    heard.length = 0
    const event = { ...logEvent('named'), once: { key: 'k', bodyHash: '1' } }
    await append(log, 'run', [event])
    await append(log, 'run', [event])
    await append(log, 'run', [event, logEvent('new')])
    t.same(heard.map(({ events }) => payloads(events ?? [])), [['named'], ['new']])
  })

  await t.test('stops with the subscription', async (t) => {
    heard.length = 0
    unsubscribe()
    await append(log, 'run', logEvents(1))
    t.same(heard, [])
  })
})

t.test('an append that is refused leaves those that share its transaction alone', async (t) => {
  const { log } = await openLog(t)
  await append(log, 'owned', logEvents(1), { tenant: 'acme' })
  const results = await Promise.allSettled([
    append(log, 'a', logEvents(2)),
    append(log, 'owned', logEvents(1), { tenant: 'other' }),
    append(log, 'x'.repeat(5_000), logEvents(1)),
    append(log, 'b', logEvents(2)),
    append(log, 'a', logEvents(1, 3))
  ])
  t.same(results.map(({ status }) => status), ['fulfilled', 'rejected', 'rejected', 'fulfilled', 'fulfilled'])
  t.same(payloads(await readAll(log, 'a')), [1, 2, 3])
  t.same(payloads(await readAll(log, 'b')), [1, 2])
})

t.test('a disk that is low refuses appends as storage_full and nothing else, until it has room again', async (t) => {
  const directory = t.testdir()
  const full = createEmbeddedRunLog({ ...options(directory), minFreeBytes: Number.MAX_SAFE_INTEGER })
  const roomy = createEmbeddedRunLog(options(directory))
  await roomy.open()
  await append(roomy, 'run', logEvents(3))
  await roomy.close()

  await full.open()
  await t.rejects(append(full, 'run', logEvents(1)), { statusCode: 507, code: 'storage_full' })
  await t.rejects(Promise.all(Array.from({ length: 10 }, () => append(full, 'run', logEvents(1)))), { code: 'storage_full' })
  t.same(payloads(await readAll(full, 'run')), [1, 2, 3])
  t.match(await full.probe(), { code: 'storage_full' })
  await full.close()

  await roomy.open()
  await append(roomy, 'run', logEvents(1, 4))
  t.same(payloads(await readAll(roomy, 'run')), [1, 2, 3, 4])
  await roomy.close()
})

t.test('closing', async (t) => {
  await t.test('finishes what was accepted, and refuses what comes later', async (t) => {
    const { log, directory } = await openLog(t)
    const accepted = Promise.all(Array.from({ length: 50 }, (_, index) => append(log, `run-${index % 5}`, logEvents(10))))
    const closed = log.close()
    await t.rejects(append(log, 'run-0', logEvents(1)), { code: 'unavailable' })
    await t.rejects(log.readRun('run-0'), { code: 'unavailable' })
    t.match(await log.probe(), { code: 'unavailable' })
    await Promise.all([accepted, closed])
    const again = (await openLog(t, { directory })).log
    for (let run = 0; run < 5; run++) t.equal((await readAll(again, `run-${run}`)).length, 100)
  })

  await t.test('a log can be closed twice, or without having been opened', async (t) => {
    const log = createEmbeddedRunLog(options(t.testdir()))
    await log.close()
    await log.open()
    await log.close()
    await log.close()
    await t.rejects(log.append({ runId: 'run', tenant: '', events: logEvents(1), appendId: '1' }), { code: 'unavailable' })
  })
})

t.test('reopening', async (t) => {
  await t.test('everything is there, and the ids go on without a hole', async (t) => {
    const { log, directory } = await openLog(t)
    const before = await append(log, 'run', [...logEvents(5), stepEvent('build', 'running')])
    const state = await log.readRun('run')
    await log.close()
    const again = (await openLog(t, { directory })).log
    t.same(await again.readRun('run'), state)
    const [next] = await append(again, 'run', logEvents(1))
    t.equal(seqOf(next ?? ''), 7)
    const page = await readAfter(again, 'run', at(before, -1))
    t.equal(page.resume.gap, null)
    t.same(page.events.map(({ id }) => id), [next])
  })

  await t.test('a run goes on as on another server: its time leaps, so that a restored copy gives no id twice', async (t) => {
    const { log, directory, clock } = await openLog(t)
    const [first] = await append(log, 'run', logEvents(1))
    const [second] = await append(log, 'run', logEvents(1))
    t.equal(msOf(second ?? ''), msOf(first ?? ''))
    await log.close()
    const again = (await openLog(t, { directory, clock })).log
    const [third] = await append(again, 'run', logEvents(1))
    t.ok(msOf(third ?? '') > msOf(first ?? '') && msOf(third ?? '') <= msOf(first ?? '') + 1_000)
    const [fourth] = await append(again, 'run', logEvents(1))
    t.equal(msOf(fourth ?? ''), msOf(third ?? ''))
  })

  await t.test('an entry that is missing is an error, never a silent hole', async (t) => {
    const { log, directory } = await openLog(t)
    await append(log, 'run', logEvents(5))
    await append(log, 'other', logEvents(1))
    await log.close()
    const { root, runs, entries } = await openStore(directory)
    entries.removeSync([runs.get('run')?.log ?? 0, 3])
    await root.close()
    const again = (await openLog(t, { directory })).log
    await t.rejects(read(again, 'run', { at: 'first' }), { code: 'store_corrupt' })
    t.same(payloads(await readAll(again, 'other')), [1])
  })

  await t.test('a file that is no such log is refused as store_corrupt', async (t) => {
    const directory = t.testdir({ 'runs.mdb': 'not a database'.repeat(1_000) })
    await t.rejects(createEmbeddedRunLog(options(directory)).open(), { code: 'store_corrupt' })
  })

  await t.test('a directory that can\'t be made is refused with its name', async (t) => {
    const directory = `${t.testdir({ file: '' })}/file/data`
    await t.rejects(createEmbeddedRunLog(options(directory)).open(), { code: 'unavailable', message: /file\/data/ })
  })
})

t.test('a list of many runs is scanned in bounded parts', async (t) => {
  const { log } = await openLog(t)
  await Promise.all(Array.from({ length: 2_000 }, (_, index) => append(log, `run-${index}`, logEvents(1))))
  const request = { tenant: '', status: null, outcome: null, limit: 100, cursor: null }
  t.same((await log.listRuns({ ...request, allows: (runId) => runId === 'run-1' })).runs.map(({ runId }) => runId), ['run-1'])
  const seen: string[] = []
  for (let cursor: string | null = null; ;) {
    const page = await log.listRuns({ ...request, cursor, allows: (runId) => runId.endsWith('5') })
    seen.push(...page.runs.map(({ runId }) => runId))
    cursor = page.cursor
    if (cursor === null) break
  }
  t.equal(new Set(seen).size, 200)
  t.equal(seen.length, 200)
})

t.test('kill -9 in the middle of appending', async (t) => {
  const directory = t.testdir()
  const acknowledged = new Map<string, { id: EventId, data: string }[]>([['a', []], ['b', []], ['c', []]])
  for (let round = 1; round <= 3; round++) {
    const child = startProgram(t, 'run-log/append-until-killed', directory)
    await waitUntil('it has appended', () => child.lines.length > 200)
    await child.kill()
    for (const line of child.lines.slice(1, -1)) {
      const [runId, ids, texts] = JSON.parse(line) as [string, EventId[], string[]]
      acknowledged.get(runId)?.push(...ids.map((id, index) => ({ id, data: texts[index] ?? '' })))
    }
    const log = createEmbeddedRunLog(options(directory))
    await log.open()
    for (const [runId, events] of acknowledged) {
      const kept = await readAll(log, runId)
      t.same(kept.map(({ id }) => seqOf(id)), kept.map((_, index) => index + 1), `round ${round}: no hole in ${runId}`)
      t.same(kept.map(({ prev }) => prev), [ORIGIN, ...kept.map(({ id }) => id).slice(0, -1)])
      const byId = new Map(kept.map(({ id, data }) => [id, data]))
      t.same(events.filter(({ id, data }) => byId.get(id) !== data), [], `round ${round}: all ${events.length} acknowledged events of ${runId}`)
      t.equal((await log.readRun(runId))?.events, kept.length)
    }
    await log.close()
  }
})

function options (directory: string): EmbeddedOptions {
  return { directory, retention: ROOMY, minFreeBytes: 0 }
}

async function makeHarness (t: Test, retention: Retention): Promise<RunLogHarness> {
  const directory = t.testdir()
  let ahead = 0
  const openWith = async (retention: Retention) => {
    const log = createEmbeddedRunLog({ directory, retention, minFreeBytes: 0, now: () => Date.now() + ahead })
    await log.open()
    t.teardown(() => log.close())
    return log
  }
  const log = await openWith(retention)
  const age = async (runId: string, seconds: number) => {
    await log.close()
    const { root, runs } = await openStore(directory)
    const run: StoredRun | undefined = runs.get(runId)
    if (run !== undefined) runs.putSync(runId, { ...run, expiresAt: (run.expiresAt ?? 0) - seconds * 1_000 })
    await root.close()
    await log.open()
    // Later events get a later time, as in production.
    ahead += 1
  }
  return {
    log,
    expireLog: (runId) => age(runId, retention.ttlSeconds),
    expireRun: (runId) => age(runId, retention.ttlSeconds + STATE_EXTRA_TTL_SECONDS),
    reopen: async (retention) => {
      await log.close()
      return openWith(retention)
    }
  }
}
