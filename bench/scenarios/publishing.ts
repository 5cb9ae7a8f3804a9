import type { Bench, RunningServer } from '../servers/server.ts'
import { shares, startStopwatch } from '../stopwatch.ts'
import { publishBatch } from '../publish.ts'
import { publishTo } from './fan-out.ts'
import type { Figure, Sample, Scenario } from './scenario.ts'

/** The events of a batch, and the batches under way at once. Each batch goes to a run of its own. */
const BATCH = 100
const PUBLISHERS = 16

const WARM_UP_SECONDS = 1

const eventRate = (least: number): Figure => ({ name: 'rate', title: 'events/s', targets: [{ against: null, least }] })

/** The cost of publishing. */
export const publishing: readonly Scenario[] = [
  {
    name: 'publish',
    description: `Batches of ${BATCH} events over HTTP, ${PUBLISHERS} at once, nobody following`,
    subject: 'runcast',
    peers: ['baseline'],
    ingests: false,
    figures: [eventRate(20_000)],
    measure: publishBatches
  },
  {
    name: 'publish_single',
    description: 'One event at a time over HTTP, 50 per second, to a run with 100 followers',
    subject: 'runcast',
    peers: ['baseline'],
    ingests: false,
    figures: [{ name: 'slowest', title: 'p99 until the last follower has it, ms', targets: [{ against: null, most: 10 }] }],
    measure: async (bench, server) => {
      await publishTo(bench, server, { streams: 100, runs: 1 }, { events: 50, rate: 50 })
      return publishTo(bench, server, { streams: 100, runs: 1 }, { events: Math.ceil(100 * bench.seconds), rate: 50 })
    }
  },
  {
    name: 'embedded_publish',
    description: `The embedded log: batches of ${BATCH} events over HTTP, ${PUBLISHERS} at once, answered when they are on disk`,
    subject: 'runcast_embedded',
    peers: [],
    ingests: false,
    figures: [eventRate(30_000)],
    measure: publishBatches
  }
]

async function publishBatches (bench: Bench, server: RunningServer): Promise<Sample> {
  const payloads = Array.from({ length: BATCH }, (_, seq) => ({ seq }))
  const publishFor = async (seconds: number) => {
    const end = performance.now() + seconds * 1_000
    const publisher = async (_: unknown, run: number) => {
      let batches = 0
      for (; performance.now() < end; batches++) await publishBatch(server, `run-${run}`, payloads)
      return batches
    }
    const batches = await Promise.all(Array.from({ length: PUBLISHERS }, publisher))
    return batches.reduce((sum, count) => sum + count) * BATCH
  }
  await publishFor(WARM_UP_SECONDS)
  const stopStopwatch = startStopwatch(server)
  const events = await publishFor(bench.seconds)
  const used = stopStopwatch()
  return { figures: { rate: events / used.seconds }, faults: [], ...shares(used) }
}
