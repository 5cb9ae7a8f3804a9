import { msOf } from '@runcast/protocol'
import type { Test } from 'tap'
import { MAX_STEPS } from '../../../../services/run-log/retention.ts'
import { append, at, clockPast, logEvent, logEvents, read, ROOMY, statusEvent, stepEvent, type MakeHarness } from './support.ts'

/** Covers the state of a run that follows from its events. */
export async function stateContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const harness = await makeHarness(t, ROOMY)
  const { log } = harness

  await t.test('a run that never was has no state', async (t) => {
    t.equal(await log.readRun('none'), null)
  })

  await t.test('a run without any status is known by its events', async (t) => {
    const ids = await append(log, 'plain', [logEvent('a'), { type: 'message', data: '1', effect: null }, logEvent('b')])
    const ms = msOf(at(ids, 0))
    t.same(await log.readRun('plain'), {
      runId: 'plain',
      tenant: '',
      name: null,
      status: null,
      outcome: null,
      terminal: false,
      lastHeardAt: null,
      error: null,
      createdAt: ms,
      startedAt: null,
      finishedAt: null,
      updatedAt: ms,
      events: 3,
      counts: { log: 2, message: 1 },
      steps: [],
      lastLog: null,
      firstEventId: ids[0],
      lastEventId: ids[2],
      retryOf: null,
      workflow: null
    })
  })

  await t.test('a life: queued, running, logging, failed', async (t) => {
    const [queued] = await append(log, 'life', [statusEvent('queued', { started: false, name: 'Nightly', retryOf: 'life-0', workflow: '{"name":"build","version":"1"}' })], { tenant: 'acme' })
    const before = await log.readRun('life')
    t.match(before, { status: 'queued', terminal: false, startedAt: null, name: 'Nightly', retryOf: 'life-0', tenant: 'acme' })
    await clockPast(log, msOf(queued ?? ''))
    const [running] = await append(log, 'life', [statusEvent('running')], { tenant: 'acme' })
    await clockPast(log, msOf(running ?? ''))
    await append(log, 'life', [logEvent('one', { log: 'one' }), logEvent('two', { log: 'two' }), statusEvent('running')], { tenant: 'acme' })
    const [failed, last] = await append(log, 'life', [statusEvent('failed', { outcome: 'failed', error: '{"message":"no"}' }), logEvent(3)], { tenant: 'acme' })
    const run = await log.readRun('life')
    t.match(run, {
      status: 'failed',
      outcome: 'failed',
      terminal: true,
      error: '{"message":"no"}',
      name: 'Nightly',
      retryOf: 'life-0',
      workflow: '{"name":"build","version":"1"}',
      lastLog: 'two',
      events: 7,
      createdAt: msOf(queued ?? ''),
      startedAt: msOf(running ?? ''),
      finishedAt: msOf(failed ?? ''),
      updatedAt: msOf(last ?? ''),
      counts: { status_change: 4, log: 3 }
    })
    const { facts } = await read(log, 'life', { at: 'end' })
    t.match(facts, { exists: true, status: 'failed', terminalId: failed, last, tenant: 'acme', counts: { status_change: 4, log: 3 } })
  })

  await t.test('terminal is absorbing: a later status is kept in the log and changes nothing', async (t) => {
    const ids = await append(log, 'over', [statusEvent('running'), statusEvent('succeeded', { outcome: 'succeeded', name: 'Nightly' }), statusEvent('running', { name: 'late' })])
    await append(log, 'over', [statusEvent('failed', { outcome: 'failed', error: 'late', retryOf: 'late', workflow: '{"name":"late","version":"1"}' }), logEvent('straggler', { log: 'straggler' })])
    const run = await log.readRun('over')
    t.match(run, { name: 'Nightly', error: null, retryOf: null, workflow: null, status: 'succeeded', outcome: 'succeeded', terminal: true, finishedAt: msOf(at(ids, 1)), events: 5, lastLog: 'straggler' })
    t.equal((await read(log, 'over', { at: 'end' })).facts.terminalId, ids[1])
  })

  await t.test('a word of the operator\'s own has the outcome that it was stored with', async (t) => {
    await append(log, 'own', [{ ...stepEvent('check', 'verified'), effect: { step: { step: 'check', status: 'verified', outcome: 'succeeded' } } }, statusEvent('rolled_back', { outcome: 'cancelled' })])
    t.match(await log.readRun('own'), { status: 'rolled_back', outcome: 'cancelled', terminal: true, steps: [{ status: 'verified', outcome: 'succeeded' }] })
  })

  await t.test('a status of a step never changes that of the run', async (t) => {
    await append(log, 'steps', [statusEvent('running'), stepEvent('build', 'running', false, 'Build it'), stepEvent('test', 'queued')])
    const first = await log.readRun('steps')
    const startedAt = first?.steps[0]?.startedAt ?? 0
    await clockPast(log, startedAt)
    const [end] = await append(log, 'steps', [stepEvent('build', 'failed', true)])
    const run = await log.readRun('steps')
    t.match(run, { status: 'running', terminal: false })
    t.same(run?.steps, [
      { step: 'build', name: 'Build it', status: 'failed', outcome: 'failed', startedAt, updatedAt: msOf(end ?? ''), finishedAt: msOf(end ?? '') },
      { step: 'test', name: null, status: 'queued', outcome: null, startedAt, updatedAt: startedAt, finishedAt: null }
    ])
    await append(log, 'steps', [stepEvent('build', 'running')])
    t.match((await log.readRun('steps'))?.steps[0], { status: 'running', outcome: null, startedAt, finishedAt: null })
  })

  await t.test('the state of a step has a bound, the log has all', async (t) => {
    const steps = Array.from({ length: MAX_STEPS + 5 }, (_, index) => stepEvent(`step ${index}`, 'running'))
    await append(log, 'many-steps', steps.slice(0, 1_000))
    await append(log, 'many-steps', [...steps.slice(1_000), stepEvent('step 7', 'succeeded', true)])
    const run = await log.readRun('many-steps')
    t.equal(run?.steps.length, MAX_STEPS)
    t.equal(run?.steps.find(({ step }) => step === 'step 7')?.status, 'succeeded')
    t.equal(run?.events, MAX_STEPS + 6)
  })

  await t.test('names that mean something to JavaScript are names like others', async (t) => {
    await append(log, 'names', [{ type: 'constructor', data: '1', effect: null }, { type: 'toString', data: '1', effect: null }, stepEvent('__proto__', 'running')])
    const run = await log.readRun('names')
    t.same(Object.entries(run?.counts ?? {}).sort(), [['constructor', 1], ['status_change', 1], ['toString', 1]])
    t.same(run?.steps.map(({ step }) => step), ['__proto__'])
  })

  await t.test('texts come back as they were, half surrogate pairs apart', async (t) => {
    await append(log, 'texts', [logEvent(1, { log: 'é "\n\\ 😀 \u0000', name: 'a\ud83d', error: '"\\ud800"' }), stepEvent('schön\n"', 'läuft', false, '名')])
    const run = await log.readRun('texts')
    t.match(run, { lastLog: 'é "\n\\ 😀 \u0000', error: '"\\ud800"' })
    t.ok(run?.name?.startsWith('a'))
    t.match(run?.steps[0], { step: 'schön\n"', status: 'läuft', name: '名' })
  })

  await t.test('the state outlives the log', async (t) => {
    const ids = await append(log, 'outlived', [statusEvent('succeeded', { outcome: 'succeeded' }), logEvent(2)])
    await harness.expireLog('outlived')
    const run = await log.readRun('outlived')
    t.match(run, { status: 'succeeded', terminal: true, events: 2, firstEventId: null, lastEventId: ids[1] })
    const { facts } = await read(log, 'outlived', { at: 'first' })
    t.match(facts, { exists: true, status: 'succeeded', terminalId: ids[0], last: ids[1], counts: { status_change: 1, log: 1 } })
  })

  await t.test('a run that is gone leaves nothing of itself to the next of its name', async (t) => {
    await append(log, 'reborn', logEvents(1))
    await log.noteAlive('reborn', '')
    await append(log, 'reborn', [statusEvent('failed', { outcome: 'failed', name: 'old', error: '1' }), stepEvent('a', 'running')])
    await harness.expireRun('reborn')
    await append(log, 'reborn', logEvents(2), { tenant: 'new' })
    t.match(await log.readRun('reborn'), {
      tenant: 'new', status: null, outcome: null, lastHeardAt: null, terminal: false, name: null, error: null, finishedAt: null, events: 2, counts: { log: 2 }, steps: []
    })
  })

  await t.test('a store that answers says so', async (t) => {
    t.equal(await log.probe(), null)
  })
}
