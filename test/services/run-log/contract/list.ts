import type { Test } from 'tap'
import type { ListRequest, RunLog, RunState } from '../../../../services/run-log/run-log.ts'
import { waitUntil } from '../../../helpers/wait-until.ts'
import { append, clockPast, logEvents, ROOMY, statusEvent, type MakeHarness } from './support.ts'

/** The list of one tenant's runs. */
export async function listContract (t: Test, makeHarness: MakeHarness): Promise<void> {
  const harness = await makeHarness(t, ROOMY)
  const { log } = harness

  await t.test('no runs: an empty page', async (t) => {
    t.same(await log.listRuns(request('nobody')), { runs: [], cursor: null })
  })

  await t.test('the last changed first, with their states', async (t) => {
    const ids = ['first', 'second', 'third']
    for (const runId of [...ids, 'first']) await appendApart(log, runId, 'order')
    const runs = await listed(log, 'order', ['first', 'third', 'second'])
    t.same(runs[0], await log.readRun('first'))
    t.equal(runs[0]?.events, 2)
  })

  await t.test('a tenant has its own list', async () => {
    await append(log, 'of-a', logEvents(1), { tenant: 'a' })
    await append(log, 'of-b', logEvents(1), { tenant: 'b' })
    await append(log, 'of-none', logEvents(1))
    await listed(log, 'a', ['of-a'])
    await listed(log, 'b', ['of-b'])
    await listed(log, '', ['of-none'])
  })

  await t.test('pages follow each other to the end', async (t) => {
    const ids = Array.from({ length: 25 }, (_, index) => `page-${index}`)
    await Promise.all(ids.map((runId) => append(log, runId, logEvents(1), { tenant: 'pages' })))
    await waitUntil('all runs are listed', async () => (await log.listRuns(request('pages', { limit: 100 }))).runs.length === 25)
    const seen: string[] = []
    let pages = 0
    for (let cursor: string | null = null; pages === 0 || cursor !== null; pages++) {
      const page = await log.listRuns(request('pages', { limit: 10, cursor }))
      t.ok(page.runs.length <= 10)
      seen.push(...page.runs.map(({ runId }) => runId))
      cursor = page.cursor
    }
    t.ok(pages <= 4)
    t.same([...seen].sort(), [...ids].sort())
  })

  await t.test('by status, and only what the caller may see', async (t) => {
    const tenant = 'filters'
    for (const [index, status] of ['running', 'failed', 'running', 'queued', 'running'].entries()) {
      await append(log, `filter-${index}`, [statusEvent(status)], { tenant })
    }
    await waitUntil('all runs are listed', async () => (await log.listRuns(request(tenant))).runs.length === 5)
    const running = await allOf(log, request(tenant, { status: 'running', limit: 2 }))
    t.same(running.sort(), ['filter-0', 'filter-2', 'filter-4'])
    const allowed = await allOf(log, request(tenant, { limit: 2, allows: (runId) => runId === 'filter-1' || runId === 'filter-4' }))
    t.same(allowed.sort(), ['filter-1', 'filter-4'])
    t.same(await allOf(log, request(tenant, { allows: () => false })), [])
  })

  await t.test('by outcome, whatever the word', async (t) => {
    const tenant = 'outcomes'
    for (const [status, outcome] of [['crashed', 'failed'], ['done', 'succeeded'], ['failed', 'failed']] as const) {
      await append(log, `outcome-${status}`, [statusEvent(status, { outcome })], { tenant })
    }
    await append(log, 'outcome-none', [statusEvent('running')], { tenant })
    await waitUntil('all runs are listed', async () => (await log.listRuns(request(tenant))).runs.length === 4)
    t.same((await allOf(log, request(tenant, { outcome: 'failed', limit: 1 }))).sort(), ['outcome-crashed', 'outcome-failed'])
    t.same(await allOf(log, request(tenant, { outcome: 'failed', status: 'crashed' })), ['outcome-crashed'])
    t.same(await allOf(log, request(tenant, { outcome: 'cancelled' })), [])
  })

  await t.test('a run that is gone is not listed, one whose log is gone is', async () => {
    for (const runId of ['kept', 'stateful', 'gone']) await appendApart(log, runId, 'expiry')
    await listed(log, 'expiry', ['gone', 'stateful', 'kept'])
    await harness.expireRun('gone')
    await harness.expireLog('stateful')
    await listed(log, 'expiry', ['stateful', 'kept'])
  })

  await t.test('a run that another tenant took over after its end is on that tenant\'s list only', async () => {
    await append(log, 'taken', logEvents(1), { tenant: 'old' })
    await listed(log, 'old', ['taken'])
    await harness.expireRun('taken')
    await append(log, 'taken', logEvents(1), { tenant: 'new' })
    await listed(log, 'new', ['taken'])
    await listed(log, 'old', [])
  })
}

function request (tenant: string, more: Partial<ListRequest> = {}): ListRequest {
  return { tenant, status: null, outcome: null, limit: 50, cursor: null, allows: () => true, ...more }
}

async function allOf (log: RunLog, first: ListRequest): Promise<string[]> {
  const seen: string[] = []
  for (let page = await log.listRuns(first); ; page = await log.listRuns({ ...first, cursor: page.cursor })) {
    seen.push(...page.runs.map(({ runId }) => runId))
    if (page.cursor === null) return seen
  }
}

/** Appends so that no other run of the test has changed in the same millisecond. */
async function appendApart (log: RunLog, runId: string, tenant: string): Promise<void> {
  await append(log, runId, logEvents(1), { tenant })
  await clockPast(log, (await log.readRun(runId))?.updatedAt ?? 0)
}

/** Waits until the list is exactly this: it may follow the appends within a second. */
async function listed (log: RunLog, tenant: string, runIds: readonly string[]): Promise<RunState[]> {
  let runs: RunState[] = []
  await waitUntil(`the list of ${tenant} is ${runIds.join()}`, async () => {
    runs = (await log.listRuns(request(tenant))).runs
    return runs.map(({ runId }) => runId).join() === runIds.join()
  })
  return runs
}
