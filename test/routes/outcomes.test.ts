import t from 'tap'
import { buildApp, type App } from '../helpers/service/app.ts'

const change = (status: string, more: object = {}) => ({ event_type: 'status_change', payload: { status, ...more } })

async function run (app: App, runId: string): Promise<Record<string, unknown>> {
  return await (await app.call(`/api/v1/workflow-runs/${runId}`)).json() as Record<string, unknown>
}

async function listed (app: App, query: string): Promise<string[]> {
  const { runs } = await (await app.call(`/api/v1/workflow-runs?${query}`)).json() as { runs: Array<{ run_id: string }> }
  return runs.map(({ run_id: runId }) => runId).sort()
}

t.test('other engines\' words end a run, with an outcome', async (t) => {
  const app = await buildApp(t)
  for (const [status, outcome] of [
    ['Success', 'succeeded'], ['done', 'succeeded'], ['skipped', 'succeeded'], ['FAILURE', 'failed'], ['error', 'failed'], ['crashed', 'failed'],
    ['upstream_failed', 'failed'], ['expired', 'failed'], ['killed', 'cancelled'], ['stopped', 'cancelled']
  ] as const) {
    await app.publish(`end-${status}`, [change('running'), change(status, { step: 'a' }), change(status)])
    t.match(await run(app, `end-${status}`), { status: status.toLowerCase(), outcome, terminal: true, steps: [{ outcome }] }, status)
  }
  for (const status of ['running', 'paused', 'waiting_for_approval', 'retrying', 'compiling']) {
    await app.publish(`open-${status}`, change(status))
    t.match(await run(app, `open-${status}`), { status, outcome: null, terminal: false }, status)
  }
  t.match(await run(app, 'open-waiting_for_approval'), { started_at: null })
  t.match(await run(app, 'open-compiling'), { started_at: String })
  t.same(await listed(app, 'outcome=cancelled'), ['end-killed', 'end-stopped'])
  t.same(await listed(app, 'outcome=failed&status=crashed'), ['end-crashed'])
  t.equal((await listed(app, 'outcome=failed')).length, 5)
  t.match(await (await app.call('/api/v1/workflow-runs?outcome=lost')).json(), { status: 400 })
})

t.test('the operator\'s own words end a run too', async (t) => {
  const app = await buildApp(t, { TERMINAL_STATUSES: 'verified=succeeded rolled_back=failed' })
  await app.publish('own', [change('running'), change('Verified')])
  await app.publish('back', [change('running'), change('rolled_back')])
  await app.publish('known', change('crashed'))
  t.match(await run(app, 'own'), { status: 'verified', outcome: 'succeeded', terminal: true })
  t.same(await listed(app, 'outcome=failed'), ['back', 'known'])
})
