import { setTimeout as delay } from 'node:timers/promises'
import { OUTCOME_WORDS } from '@runcast/protocol'
import t, { type Test } from 'tap'
import { startEndingLostRuns, type LostRunsOptions } from '../../../services/run-log/lost-runs.ts'
import { readTerminalStatuses } from '../../../services/run-log/terminal-statuses.ts'
import { openRedisRunLog } from '../../helpers/redis/redis-run-log.ts'
import { startRedis } from '../../helpers/redis/redis-server.ts'
import { openLog } from '../../helpers/run-log/embedded-run-log.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { append, readAll, statusEvent } from './contract/support.ts'

const { statuses: terminalStatuses } = readTerminalStatuses(Object.values(OUTCOME_WORDS).flatMap((words) => words.split(' ')))

/** Ends lost runs with a short silence. @returns what was told */
function ending (t: Test, log: LostRunsOptions['log'], lostAfterMs: number) {
  const lost: string[] = []
  const failures: unknown[] = []
  const stop = startEndingLostRuns({ log, lostAfterMs, terminalStatuses, onLost: ({ runId }) => lost.push(runId), failed: (error) => failures.push(error) })
  t.teardown(stop)
  return { lost, failures }
}

t.test('of several processes one ends a lost run, and it ends once', async (t) => {
  const server = await startRedis(t)
  const target = { kind: 'standalone', url: server.url } as const
  const { log } = await openRedisRunLog(t, target, { prefix: 'lost' })
  const other = (await openRedisRunLog(t, target, { prefix: 'lost' })).log
  await append(log, 'lost', [statusEvent('running')])
  await log.noteAlive('lost', '')
  const processes = [ending(t, log, 500), ending(t, log, 500), ending(t, other, 500)]
  await waitUntil('the run has ended', async () => (await log.readRun('lost'))?.terminal === true)
  await delay(400)
  t.same(processes.flatMap(({ lost }) => lost), ['lost'])
  t.same(processes.flatMap(({ failures }) => failures), [])
  t.equal((await readAll(log, 'lost')).length, 2)
})

t.test('after a start, and after an outage, publishers get the whole time again', async (t) => {
  const { log } = await openLog(t, { clock: { now: Date.now, step: () => {} } })
  await append(log, 'lost', [statusEvent('running')])
  await log.noteAlive('lost', '')
  await delay(600)
  const startedAt = performance.now()
  let failsUntil = startedAt + 700
  const flaky: LostRunsOptions['log'] = {
    append: (request) => log.append(request),
    silentRuns: async (silentMs) => {
      if (performance.now() < failsUntil) throw new Error('away')
      return await log.silentRuns(silentMs)
    }
  }
  const { lost, failures } = ending(t, flaky, 500)
  await waitUntil('the run has ended', async () => lost.length > 0)
  t.ok(performance.now() - failsUntil >= 350, 'not before the silence has passed after the outage')
  t.ok(failures.length > 0)
  failsUntil = 0
})
