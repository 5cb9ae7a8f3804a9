import { test } from 'tap'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { runcast } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

test('a run whose exec was killed falls silent, and is lost then', async (t) => {
  const app = await buildApp(t, { RUN_LOST_AFTER_S: '3' })
  const environment = { RUNCAST_URL: app.url, RUNCAST_TOKEN: tokenFor({}) }
  const run = async () => await (await app.call('/api/v1/workflow-runs/killed')).json() as Record<string, unknown>
  const { process, code } = runcast(t, ['exec', '--run-id', 'killed', '--', 'sleep', '2'], { environment })
  await waitUntil('a sign of life has come', async () => typeof (await run())['last_heard_at'] === 'string')
  process.kill('SIGKILL')
  await code
  const silent = await run()
  t.match(silent, { status: 'running', outcome: null, terminal: false })
  await waitUntil('the run is lost', async () => (await run())['terminal'] === true)
  const lost = await run()
  t.match(lost, { status: 'lost', outcome: 'failed', error: /3 seconds/ })
  t.ok(Date.parse(String(lost['finished_at'])) - Date.parse(String(silent['last_heard_at'])) >= 3_000)

  const tail = runcast(t, ['tail', 'killed'], { environment })
  t.equal(await tail.code, 1)
  t.match(tail.output.stdout, 'lost')
})
