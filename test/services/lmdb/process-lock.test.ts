import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'
import { acquireProcessLock } from '../../../services/lmdb/process-lock.ts'
import { startProgram, type ChildProgram } from '../../helpers/child-process.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { ROOMY } from '../run-log/contract/support.ts'

t.test('a second process is refused with the directory and the holder\'s pid', async (t) => {
  const directory = t.testdir()
  const holder = startProgram(t, 'run-log/hold-data-directory', directory)
  await hasSpoken(holder)
  const log = createEmbeddedRunLog({ directory, retention: ROOMY, minFreeBytes: 0 })
  await t.rejects(log.open(), {
    name: 'FastifyError',
    code: 'data_dir_in_use',
    message: `The data directory ${directory} is in use by process ${holder.pid}.`
  })
})

t.test('a holder that is frozen still holds', async (t) => {
  const directory = t.testdir()
  const holder = startProgram(t, 'run-log/hold-data-directory', directory)
  await hasSpoken(holder)
  process.kill(holder.pid, 'SIGSTOP')
  await t.rejects(acquireProcessLock(directory), { code: 'data_dir_in_use' })
})

t.test('the lock of a process that was killed is taken over', async (t) => {
  const directory = t.testdir()
  const holder = startProgram(t, 'run-log/hold-data-directory', directory)
  await hasSpoken(holder)
  await holder.kill()
  t.equal((await socketsIn(directory)).length, 1)
  const lock = await acquireProcessLock(directory)
  t.equal((await socketsIn(directory)).length, 1)
  await lock.release()
  t.same(await socketsIn(directory), [])
})

t.test('of many that start at once after a kill -9, one wins and the others are told', async (t) => {
  const directory = t.testdir()
  const killed = startProgram(t, 'run-log/hold-data-directory', directory)
  await hasSpoken(killed)
  await killed.kill()
  const starters = Array.from({ length: 5 }, () => startProgram(t, 'run-log/hold-data-directory', directory))
  await Promise.all(starters.map(hasSpoken))
  const winners = starters.filter(({ lines }) => lines[0] === 'held')
  t.equal(winners.length, 1)
  for (const { lines } of starters) {
    t.ok(lines[0] === 'held' || lines[0] === `The data directory ${directory} is in use by process ${winners[0]?.pid}.`, lines[0] ?? '')
  }
})

t.test('within one process too, of many at once one wins, again and again', async (t) => {
  const directory = t.testdir()
  for (let round = 0; round < 20; round++) {
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => acquireProcessLock(directory)))
    const winners = attempts.filter((attempt) => attempt.status === 'fulfilled')
    t.equal(winners.length, 1)
    await winners[0]?.value.release()
  }
  t.same(await socketsIn(directory), [])
})

t.test('a released lock can be taken at once', async (t) => {
  const directory = t.testdir()
  for (let round = 0; round < 3; round++) await (await acquireProcessLock(directory)).release()
})

t.test('a path too long for a Unix socket is no obstacle', { skip: process.platform !== 'linux' }, async (t) => {
  const directory = join(t.testdir(), 'long'.repeat(30), 'longer'.repeat(20))
  const holder = startProgram(t, 'run-log/hold-data-directory', directory)
  await hasSpoken(holder)
  t.same(holder.lines, ['held'])
  await t.rejects(acquireProcessLock(directory), { code: 'data_dir_in_use' })
  await holder.kill()
  const lock = await acquireProcessLock(directory)
  t.equal((await socketsIn(directory)).length, 1)
  await lock.release()
  t.same(await socketsIn(directory), [])
})

function hasSpoken ({ lines }: ChildProgram): Promise<void> {
  return waitUntil('it says whether it holds the directory', () => lines.length > 0)
}

async function socketsIn (directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.sock'))
}
