import { setTimeout as delay } from 'node:timers/promises'
import { faultsOf, openLoad, type Publishing, type Streams } from '../load.ts'
import type { Bench, RunningServer } from '../servers/server.ts'
import { shares, startStopwatch } from '../stopwatch.ts'
import { PEERS, type Figure, type Sample, type Scenario } from './scenario.ts'

/** A guess at the deliveries per second of a server that has just started, and the time to publish at that rate. */
const COLD_RATE = 200_000
const GUESSING_SECONDS = 0.5

/**
 * A server runs for days: it works this many times as long as a measurement before it is measured, so that its code is
 * compiled and its memory has its size.
 */
const WARM_UP = 1.5

/** The number of followers that get one second to settle; more get more. */
const SETTLED_PER_SECOND = 10_000

const RATE: Figure = { name: 'rate', title: 'deliveries/s', targets: [] }
const COST: Figure = { name: 'cost', title: 'CPU-s per million deliveries', targets: [] }
const P50: Figure = { name: 'p50', title: 'p50, ms', targets: [] }
const P99: Figure = { name: 'p99', title: 'p99, ms', targets: [] }

interface Burst extends Streams {
  readonly window: number
  readonly batch?: number
}

function burst (name: string, description: string, shape: Burst, figures: readonly Figure[], others: Partial<Scenario> = {}): Scenario {
  return { name, description, subject: 'runcast', peers: PEERS, ingests: true, figures, measure: (bench, server) => measureBurst(bench, server, shape), ...others }
}

function steady (name: string, description: string, streams: Streams, rate: number, figures: readonly Figure[]): Scenario {
  return { name, description, subject: 'runcast', peers: PEERS, ingests: true, figures, measure: (bench, server) => measureSteady(bench, server, streams, rate) }
}

const TEN_TIMES_NCHAN = { against: 'nchan', least: 10 }
const AS_NCHAN = { against: 'nchan', most: 1 }
const FEW_FOLLOWERS = { against: 'nchan', most: 0.8 }

/** Events to many followers: in bursts, one at a time, over many runs, and at a steady rate. */
export const fanOut: readonly Scenario[] = [
  burst('fan100', '100 followers of one run, 16 events outstanding', { streams: 100, runs: 1, window: 16 }, [RATE, COST]),
  burst('fan1000', '1,000 followers of one run, 16 events outstanding', { streams: 1_000, runs: 1, window: 16 },
    [{ ...RATE, targets: [TEN_TIMES_NCHAN, { against: 'phys_co', least: 0.75 }] }, COST]),
  burst('fan5000', '5,000 followers of one run, 16 events outstanding', { streams: 5_000, runs: 1, window: 16 },
    [{ ...RATE, targets: [TEN_TIMES_NCHAN] }, COST]),
  burst('fan1000w1', '1,000 followers of one run, one event at a time', { streams: 1_000, runs: 1, window: 1 },
    [RATE, { ...COST, targets: [AS_NCHAN] }]),
  burst('runs1000x1', '1,000 runs with one follower each, 256 events outstanding', { streams: 1_000, runs: 1_000, window: 256 }, [RATE, COST]),
  burst('runs1000x2', '1,000 runs with two followers each, 256 events outstanding', { streams: 2_000, runs: 1_000, window: 256 },
    [RATE, { ...COST, targets: [FEW_FOLLOWERS] }]),
  steady('runs1000x2r6000', '1,000 runs with two followers each, 6,000 events per second, at all servers', { streams: 2_000, runs: 1_000 }, 6_000,
    [{ ...COST, targets: [FEW_FOLLOWERS] }, P50, P99]),
  steady('lat1000', '1,000 followers of one run, 20 events per second', { streams: 1_000, runs: 1 }, 20,
    [{ ...P50, targets: [AS_NCHAN] }, { ...P99, targets: [AS_NCHAN] }, COST]),
  burst('embedded_fan1000', 'The embedded log: 1,000 followers of one run, 16 events outstanding, in batches of 8 over HTTP', { streams: 1_000, runs: 1, window: 16, batch: 8 },
    [{ ...RATE, targets: [TEN_TIMES_NCHAN] }, COST], { subject: 'runcast_embedded', peers: ['nchan', 'phys_co'] }),
  burst('processes_fan1000', 'Two processes: 1,000 followers of one run, 16 events outstanding', { streams: 1_000, runs: 1, window: 16 },
    [{ ...RATE, targets: [TEN_TIMES_NCHAN] }, COST], { subject: 'runcast_2', peers: ['runcast', 'nchan'] }),
  burst('processes_fan1000w1', 'Two processes: 1,000 followers of one run, one event at a time', { streams: 1_000, runs: 1, window: 1 },
    [RATE, COST], { subject: 'runcast_2', peers: ['runcast', 'nchan'] })
]

async function measureBurst (bench: Bench, server: RunningServer, { window, batch: wanted = 1, ...streams }: Burst): Promise<Sample> {
  const followers = streams.streams / streams.runs
  const batch = server.publish.how === 'runcast' ? wanted : 1
  const events = (rate: number, seconds: number) => Math.ceil(Math.max(2 * window, rate * seconds / followers) / batch) * batch
  let rate = COLD_RATE
  for (const seconds of [GUESSING_SECONDS, bench.seconds * WARM_UP]) {
    const { figures } = await publishTo(bench, server, streams, { events: events(rate, seconds), window, batch })
    rate = figures['rate'] ?? rate
  }
  return publishTo(bench, server, streams, { events: events(rate, bench.seconds), window, batch })
}

async function measureSteady (bench: Bench, server: RunningServer, streams: Streams, rate: number): Promise<Sample> {
  await publishTo(bench, server, streams, { events: Math.ceil(rate * bench.seconds * WARM_UP), rate })
  return publishTo(bench, server, streams, { events: Math.ceil(rate * bench.seconds * 2.5), rate })
}

/** Opens streams, publishes to them and closes them again. */
export async function publishTo (bench: Bench, server: RunningServer, streams: Streams, publishing: Publishing): Promise<Sample> {
  const load = await openLoad(bench, server, streams, publishing)
  await delay(200 + streams.streams / SETTLED_PER_SECOND * 1_000)
  const stopStopwatch = startStopwatch(server)
  const received = await load.finish()
  const used = stopStopwatch()
  return {
    figures: {
      rate: received.received / received.seconds,
      cost: used.cpuSeconds / received.received * 1e6,
      p50: received.p50_us / 1_000,
      p99: received.p99_us / 1_000,
      slowest: received.slowest_p99_us / 1_000
    },
    faults: faultsOf(load, received),
    ...shares(used)
  }
}
