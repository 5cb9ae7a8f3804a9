import { setTimeout as delay } from 'node:timers/promises'
import keySlot from 'cluster-key-slot'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { startProgram, type ChildProgram } from '../helpers/child-process.ts'
import { memoryLogger } from '../helpers/memory-logger.ts'
import { startCluster } from '../helpers/redis/redis-cluster.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { keys, makeIngest } from '../helpers/run-log/ingest-process.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const RUNS = ['a', 'b', 'c']
const LEASE_MS = 1_000

interface Publisher {
  /** The payloads sent to each run, in order. */
  readonly sent: ReadonlyMap<string, string[]>
  /** Publishes one more message to each run. */
  once (): Promise<void>
  stop (): Promise<void>
}

/** Publishes about 500 messages a second, each payload four times in a row. */
function publishSteadily (clientOf: (run: string) => Redis): Publisher {
  const sent = new Map<string, string[]>(RUNS.map((run) => [run, []]))
  const once = async () => {
    await Promise.all([...sent].map(([run, payloads]) => {
      const payload = String(Math.floor(payloads.length / 4))
      payloads.push(payload)
      return clientOf(run).publish(keys.input(run), `{"event_type":"log","payload":${payload}}`)
    }))
  }
  const stopping = new AbortController()
  const publishing = (async () => {
    while (!stopping.signal.aborted) {
      once()
      await delay(6)
    }
  })()
  return {
    sent,
    once,
    async stop () {
      stopping.abort()
      await publishing
    }
  }
}

/** Compares the sent events with the logs, in order. */
async function compare (t: Test, sent: Publisher['sent'], clientOf: (run: string) => Promise<Redis>): Promise<void> {
  for (const [run, payloads] of sent) {
    const client = await clientOf(run)
    await waitUntil(`all of run ${run} is stored`, async () => await client.xlen(keys.log(run)) >= payloads.length)
    const entries = await client.xrange(keys.log(run), '-', '+')
    t.strictSame(entries.map(([, fields]) => fields[3]), payloads, `${payloads.length} messages of run ${run}`)
  }
}

t.test('the holder is killed, frozen, and cut off: no message is lost, none is doubled', async (t) => {
  const server = await startRedis(t)
  const client = server.client()
  const join = () => startProgram(t, 'run-log/ingest-until-killed', server.url, String(LEASE_MS))
  const processes = [join(), join(), join()]
  const role = (process: ChildProgram) => process.lines.at(-1)
  const holder = async (not?: ChildProgram): Promise<ChildProgram> => {
    const find = () => processes.find((process) => process !== not && role(process) === 'holder')
    await waitUntil('one process holds the lease', () => find() !== undefined)
    return find() ?? await holder(not)
  }
  const isSubscribed = async () => Number(String(await client.client('LIST', 'TYPE', 'PUBSUB')).split('name=runcast:ingest:').length - 1)

  await waitUntil('all listen', async () => await isSubscribed() === 3)
  await holder()
  await waitUntil('the others stand by', () => processes.filter((process) => role(process) === 'standby').length === 2)
  const publisher = publishSteadily(() => client)

  await t.test('killed', async () => {
    const killed = await holder()
    await killed.kill()
    processes.splice(processes.indexOf(killed), 1, join())
    await holder()
    await waitUntil('the new one stands by', () => processes.filter((process) => role(process) === 'standby').length === 2)
  })

  await t.test('frozen, and back', async () => {
    const frozen = await holder()
    process.kill(frozen.pid, 'SIGSTOP')
    await holder(frozen)
    process.kill(frozen.pid, 'SIGCONT')
    await waitUntil('it has seen that', () => role(frozen) === 'standby')
  })

  await t.test('cut off', async () => {
    const cut = await holder()
    const list = String(await client.client('LIST', 'TYPE', 'PUBSUB')).split('\n')
    const id = /id=(\d+)/.exec(list.find((line) => line.includes(`name=runcast:ingest:${cut.pid} `)) ?? '')?.[1] ?? ''
    await client.client('KILL', 'ID', id)
    await holder(cut)
  })

  await publisher.stop()
  // The next holder does the work that its predecessor left undone, or that it would wrongly do twice.
  const last = await holder()
  await publisher.once()
  await last.kill()
  await holder(last)
  await publisher.once()
  await compare(t, publisher.sent, async () => client)
  const total = [...publisher.sent.values()].flat().length
  t.ok(total > 500, `${total} messages`)
})

t.test('in a Cluster plain PUBLISH at any node is stored once, also when the holder ends', async (t) => {
  const cluster = await startCluster(t)
  const clients = cluster.primaries.map((primary) => primary.client())
  const any = (run: string): Redis => {
    const client = clients[RUNS.indexOf(run)]
    if (client === undefined) throw new Error('there are fewer primaries than runs')
    return client
  }
  const join = () => {
    const { ingest, connections, runLog } = makeIngest({ kind: 'cluster', nodes: cluster.nodes, url: null }, memoryLogger(), LEASE_MS)
    t.teardown(async () => {
      await ingest.stop()
      await runLog.close()
      connections.command.disconnect()
    })
    ingest.start()
    return ingest
  }
  const ingests = [join(), join()]
  const roles = () => ingests.map((ingest) => ingest.stats().role).sort()
  const isSettled = () => waitUntil('one holds the lease and one stands by', () => roles().join() === 'holder,standby')
  await isSettled()
  const publisher = publishSteadily(any)
  await waitUntil('some are stored', () => ingests.some((ingest) => (ingest.stats().totals['stored'] ?? 0) > 100))

  const ending = ingests.findIndex((ingest) => ingest.stats().role === 'holder')
  const [ended] = ingests.splice(ending, 1, join())
  await ended?.stop()
  await isSettled()
  await waitUntil('some more are stored', () => ingests.some((ingest) => (ingest.stats().totals['stored'] ?? 0) > 100))

  await publisher.stop()
  await publisher.once()
  await compare(t, publisher.sent, async (run) => (await cluster.ownerOf(keySlot(keys.log(run)))).client())
  await waitUntil('nothing waits', () => ingests.every((ingest) => ingest.stats().waiting === 0))
})
