import { spawnSync } from 'node:child_process'
import { open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { seededRandom, testSeed } from '../helpers/random.ts'
import { freePort } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { proveDelivery, streamOf } from './support/delivery.ts'
import { long } from './support/long.ts'
import { startPublisher, type Publisher } from './support/publisher.ts'
import { startReader } from './support/reader.ts'
import { startReplica } from './support/replica.ts'

t.jobs = 2

const MEBIBYTE = 1_048_576
const seed = testSeed()

function acknowledgedBy (publishers: readonly Publisher[]): number {
  return publishers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0)
}

t.test(`the service is killed with kill -9 at random moments: what it acknowledged is there, and all go on by themselves (SEED=${seed})`, async (t) => {
  const random = seededRandom(seed)
  const port = await freePort()
  const settings = { DATA_DIR: await temporaryDirectory(t), PORT: String(port) }
  let replica = await startReplica(t, settings)
  const runs = ['a', 'b', 'c'].map((runId, index) => ({
    runId,
    publishers: [startPublisher(t, { urls: [replica.url], runId, batch: 1 + index * 10, padding: index * 100, pauseMs: 5 })],
    readers: [0, 1].map((n) => startReader(t, streamOf(replica.url, runId), { name: `${runId}/${n}` }))
  }))
  const publishers = runs.flatMap((run) => run.publishers)
  for (let kill = 1; kill <= long(10, 50); kill++) {
    const enough = acknowledgedBy(publishers) + 50 + 500 * random()
    await waitUntil('some more are acknowledged', () => acknowledgedBy(publishers) >= enough)
    replica.kill('SIGKILL')
    await replica.exited
    replica = await startReplica(t, settings)
  }
  for (const run of runs) {
    await proveDelivery(t, { url: replica.url, ...run })
    t.same(run.readers.map((reader) => reader.gaps()), [[], []])
  }
})

t.test('a second service on one data directory refuses to start and says why, also when the first took it over from one that was killed', async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const refused = async (holder: number) => t.rejects(startReplica(t, { DATA_DIR }), { message: `The data directory ${DATA_DIR} is in use by process ${holder}.` })
  const first = await startReplica(t, { DATA_DIR })
  const publisher = startPublisher(t, { urls: [first.url], runId: 'run', events: 10 })
  await publisher.done
  await refused(first.pid)
  first.kill('SIGKILL')
  await first.exited
  const next = await startReplica(t, { DATA_DIR })
  await refused(next.pid)
  const reader = startReader(t, streamOf(next.url, 'run'))
  await proveDelivery(t, { url: next.url, runId: 'run', publishers: [publisher], readers: [reader] })
})

/** A program that gives the one it runs a small disk of its own as its DATA_DIR, which goes when that ends. */
const ON_A_SMALL_DISK = ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', 'mount -t tmpfs -o size=64m tmpfs "$DATA_DIR" && exec "$@"', 'sh']

/** The reason that there can be no such disk here; false when there can. */
function noSmallDisk (): string | false {
  const [command = '', ...args] = ON_A_SMALL_DISK
  const { status } = spawnSync(command, [...args, 'true'], { env: { ...process.env, DATA_DIR: tmpdir() } })
  return status !== 0 && 'no file system may be mounted here'
}

/** Fills a disk; @returns a function that frees the space again */
async function fill (directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'filler')
  const file = await open(path, 'w')
  const piece = Buffer.alloc(MEBIBYTE)
  let isFull = false
  while (!isFull) {
    try {
      await file.write(piece)
    } catch {
      isFull = true
    }
  }
  await file.close()
  return () => rm(path)
}

t.test('the disk is full: publishes are answered 507 or stored, streams stay open, and it goes on when there is room', { skip: noSmallDisk() }, async (t) => {
  const DATA_DIR = await temporaryDirectory(t)
  const replica = await startReplica(t, { DATA_DIR, MIN_FREE_BYTES: String(4 * MEBIBYTE) }, { before: ON_A_SMALL_DISK })
  const disk = `/proc/${replica.pid}/root${DATA_DIR}`
  const { bsize, blocks } = await statfs(disk)
  t.equal(bsize * blocks, 64 * MEBIBYTE)
  const readers = [0, 1].map((n) => startReader(t, streamOf(replica.url, 'run'), { name: `reader ${n}` }))
  const publishers = [1, 10, 50].map((batch) => startPublisher(t, { urls: [replica.url], runId: 'run', name: `p${batch}`, batch, padding: 100, pauseMs: 10 }))
  const refused = () => publishers.reduce((sum, { answers }) => sum + (answers.get(507) ?? 0), 0)
  for (let round = 1; round <= long(3, 20); round++) {
    const stored = acknowledgedBy(publishers)
    await waitUntil('some are stored', () => acknowledgedBy(publishers) >= stored + 500)
    // Fills the disk while events are on their way to it, and before the service measures its free space.
    const free = await fill(disk)
    const before = refused()
    await waitUntil('some are refused', () => refused() >= before + 10)
    const meanwhile = startReader(t, streamOf(replica.url, 'run'), { name: `meanwhile ${round}` })
    readers.push(meanwhile)
    await waitUntil('what there is can be read', () => meanwhile.events().length >= stored)
    await free()
  }
  await proveDelivery(t, { url: replica.url, runId: 'run', publishers, readers })
  for (const { answers } of publishers) t.same([...answers.keys()].filter((status) => status !== 201 && status !== 507), [])
  t.same(readers.map((reader) => [reader.connections, reader.gaps()]), readers.map(() => [1, []]), 'streams stay open')
})
