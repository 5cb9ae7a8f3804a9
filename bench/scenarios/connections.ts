import { setTimeout as delay } from 'node:timers/promises'
import { faultsOf, openLoad, type Streams } from '../load.ts'
import type { Bench, RunningServer } from '../servers/server.ts'
import { shares, startStopwatch } from '../stopwatch.ts'
import { residentKib } from '../usage.ts'
import { publishBatch } from '../publish.ts'
import { PEERS, type Sample, type Scenario } from './scenario.ts'

/** The time for which idle streams are left alone before their memory is read, in milliseconds. */
const SETTLE_MS = 3_000

/** The number of runs for reconnecting. Each has a history, and every follower lacks its end. */
const RUNS = 10
const HISTORY = 400
const MISSED = 100

/** The cost of streams before and after they bring events: opened in a fresh process, idle, coming back. */
export const connections: readonly Scenario[] = [
  {
    name: 'connecting',
    description: '5,000 streams of 500 runs opened at a server that has just started, authentication on',
    subject: 'runcast',
    peers: PEERS,
    ingests: false,
    figures: [{ name: 'cost', title: 'CPU-µs per stream opened', targets: [{ against: null, most: 300 }] }],
    measure: (bench, server) => open(bench, server, { streams: 5_000, runs: 500 }, 0)
  },
  {
    name: 'idle10k',
    description: '10,000 open streams of 1,000 runs, authentication on',
    subject: 'runcast',
    peers: PEERS,
    ingests: false,
    figures: [{ name: 'memory', title: 'KiB of RSS per stream', targets: [{ against: null, most: 14 }] }],
    measure: (bench, server) => open(bench, server, { streams: 10_000, runs: 1_000 }, SETTLE_MS)
  },
  {
    name: 'reconnect10k',
    description: `10,000 streams of ${RUNS} runs reconnecting at once, each with a Last-Event-ID ${MISSED} events ago, to a server that has just started`,
    subject: 'runcast',
    peers: ['baseline'],
    ingests: false,
    figures: [
      { name: 'seconds', title: 'seconds until all are complete', targets: [{ against: null, most: 10 }] },
      { name: 'reads', title: 'log reads per run', targets: [{ against: null, most: 10 }] }
    ],
    measure: reconnect
  }
]

async function open (bench: Bench, server: RunningServer, streams: Streams, settleMs: number): Promise<Sample> {
  const stopStopwatch = startStopwatch(server)
  const load = await openLoad(bench, server, streams, null)
  const used = stopStopwatch()
  await delay(settleMs)
  const memory = (residentKib(server.pids()) - server.idleKib) / load.opened.open
  await load.close()
  return { figures: { cost: used.cpuSeconds / load.opened.open * 1e6, memory }, faults: faultsOf(load, null), ...shares(used) }
}

async function reconnect (bench: Bench, server: RunningServer): Promise<Sample> {
  const cursors = await Promise.all(Array.from({ length: RUNS }, async (_, run) => {
    const ids = await publishBatch(server, `run-${run}`, Array.from({ length: HISTORY }, (_, seq) => ({ seq })))
    return ids[HISTORY - MISSED - 1] ?? ''
  }))
  const readsBefore = await scriptsRun(bench)
  const stopStopwatch = startStopwatch(server)
  const load = await openLoad(bench, server, { streams: 10_000, runs: RUNS, atOnce: 10_000 }, { cursors, first: HISTORY - MISSED, events: MISSED })
  const received = await load.finish()
  const used = stopStopwatch()
  const reads = (await scriptsRun(bench) - readsBefore) / RUNS
  return { figures: { seconds: received.seconds, reads }, faults: faultsOf(load, received), ...shares(used) }
}

/** Counts the scripts that Redis has run. While nothing is appended they are reads of the log. */
async function scriptsRun ({ redis }: Bench): Promise<number> {
  const stats = await redis.info('commandstats')
  return [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0)
}
