import { randomUUID } from 'node:crypto'
import { msOf } from '@runcast/protocol'
import type { Test } from 'tap'
import { waitUntil } from '../../../helpers/wait-until.ts'
import { append, clockPast, logEvents, readAll, ROOMY, statusEvent, type MakeHarness } from './support.ts'

/** Covers signs of life, silence, and the append that only a silent run takes. */
export async function aliveContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const harness = await makeHarness(t, ROOMY)
  const { log } = harness
  const silent = async (silentMs: number) => (await log.silentRuns(silentMs)).map(({ runId }) => runId).sort()
  const lost = (runId: string, ifSilentMs: number, appendId = 'lost') =>
    append(log, runId, [statusEvent('lost', { outcome: 'failed' })], { ifSilentMs, appendId })

  await t.test('a sign of life is no event', async (t) => {
    const [id = ''] = await append(log, 'quiet', [statusEvent('running')])
    t.equal((await log.readRun('quiet'))?.lastHeardAt, null)
    await clockPast(log, msOf(id))
    t.equal(await log.noteAlive('quiet', ''), true, 'it goes on')
    const run = await log.readRun('quiet')
    t.match(run, { events: 1, lastEventId: id, updatedAt: msOf(id), status: 'running' })
    t.ok((run?.lastHeardAt ?? 0) > msOf(id))
    t.equal((await readAll(log, 'quiet')).length, 1)
  })

  await t.test('the newest of events and signs tells when a run was last heard', async (t) => {
    await append(log, 'both', logEvents(1))
    await log.noteAlive('both', '')
    const heardAt = (await log.readRun('both'))?.lastHeardAt ?? 0
    await clockPast(log, heardAt)
    const [id = ''] = await append(log, 'both', logEvents(1))
    t.equal((await log.readRun('both'))?.lastHeardAt, msOf(id))
  })

  await t.test('a sign for a run that is not there, or is another tenant\'s', async (t) => {
    await t.rejects(log.noteAlive('never', ''), { code: 'run_not_found' })
    t.equal(await log.readRun('never'), null)
    await append(log, 'theirs', logEvents(1), { tenant: 'acme' })
    await t.rejects(log.noteAlive('theirs', ''), { code: 'run_not_found' })
    t.equal((await log.readRun('theirs'))?.lastHeardAt, null)
  })

  await t.test('only runs that have sent a sign, are not finished and are silent count as silent', async (t) => {
    await append(log, 'plain', [statusEvent('running')])
    await append(log, 'signed', [statusEvent('running')])
    await append(log, 'ended', [statusEvent('running')])
    for (const runId of ['signed', 'ended']) await log.noteAlive(runId, '')
    await append(log, 'ended', [statusEvent('succeeded', { outcome: 'succeeded' })])
    t.equal(await log.noteAlive('ended', ''), false, 'it has ended')
    t.same(await silent(3_600_000), [])
    const now = await silent(0)
    t.ok(now.includes('signed'))
    for (const runId of ['plain', 'ended', 'theirs', 'never']) t.notOk(now.includes(runId), runId)
  })

  await t.test('an event ends the silence as a sign does', async (t) => {
    await append(log, 'talks', logEvents(1))
    await log.noteAlive('talks', '')
    const heardAt = (await log.readRun('talks'))?.lastHeardAt ?? 0
    await clockPast(log, heardAt + 300)
    t.ok((await silent(300)).includes('talks'))
    await append(log, 'talks', logEvents(1))
    t.notOk((await silent(300)).includes('talks'))
    await waitUntil('it is silent again', async () => (await silent(300)).includes('talks'))
    await log.noteAlive('talks', '')
    t.notOk((await silent(300)).includes('talks'))
  })

  await t.test('a run ends as lost only while it is silent, and once', async (t) => {
    await append(log, 'gone', [statusEvent('running')])
    await t.rejects(lost('gone', 0), { code: 'not_silent' }, 'it has never sent a sign')
    await log.noteAlive('gone', '')
    await t.rejects(lost('gone', 3_600_000), { code: 'not_silent' }, 'it was heard')
    const [first] = await lost('gone', 0, 'one replica')
    await t.rejects(lost('gone', 0, 'another replica'), { code: 'not_silent' }, 'it has ended')
    t.same(await lost('gone', 0, 'one replica'), [first], 'the repetition of an append')
    t.match(await log.readRun('gone'), { status: 'lost', outcome: 'failed', terminal: true, events: 2 })
    t.notOk((await silent(0)).includes('gone'))
    await t.rejects(lost('never', 0), { code: 'not_silent' })
    t.equal(await log.readRun('never'), null)
  })

  await t.test('a run that is gone is not silent', async (t) => {
    await append(log, 'expires', logEvents(1))
    await log.noteAlive('expires', '')
    await harness.expireRun('expires')
    t.notOk((await silent(0)).includes('expires'))
  })

  await t.test('an append tells the run\'s status after it', async (t) => {
    const appended = async (...events: Parameters<typeof append>[2]) =>
      (await log.append({ runId: 'told', tenant: '', events, appendId: randomUUID() })).run
    t.same(await appended(...logEvents(1)), { status: null, terminal: false })
    t.same(await appended(statusEvent('running')), { status: 'running', terminal: false })
    const request = { runId: 'told', tenant: '', events: [statusEvent('failed', { outcome: 'failed' })], once: { key: 'k', bodyHash: 'b' } }
    const first = await log.append({ ...request, appendId: 'told' })
    t.same(first.run, { status: 'failed', terminal: true })
    t.same(await appended(statusEvent('running')), { status: 'failed', terminal: true })
    t.match(await log.append({ ...request, appendId: 'told' }), { ids: first.ids, run: first.run })
    t.same(await log.append({ ...request, appendId: 'again' }), { ...first, duplicate: true })
  })
}
