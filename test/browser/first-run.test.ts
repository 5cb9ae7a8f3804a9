import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { runPage } from '../helpers/pages/run-page.ts'
import { startUiService } from '../helpers/pages/ui-service.ts'
import { runcast } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

/** The time for which the service is gone, in milliseconds. */
const OUTAGE_MS = 5_000

/** Prints numbered lines until a file exists, and three lines to be searched for. */
const COMMAND = `
  const { existsSync } = require('node:fs')
  const [file] = process.argv.slice(1)
  let count = 0
  const timer = setInterval(() => {
    console.log('line ' + ++count)
    if (count % 20 === 0 && count <= 60) console.log('a needle at ' + count)
    if (!existsSync(file)) return
    clearInterval(timer)
    console.log('the very last line')
  }, 25)`

t.test('a person logs in, starts a command, watches it, searches, and has every line once although the service is killed', async (t) => {
  const service = await startUiService(t)
  const browser = await launchBrowser(t)
  const { page, faults, foreign } = await openPage(browser, service.url)

  await page.goto(service.loginUrl())
  await page.getByRole('heading', { name: 'Start a first run' }).waitFor()
  t.equal(page.url(), `${service.url}/`, 'the code is gone from the address bar')
  t.match(await page.getByLabel('Command').first().textContent(), 'npx runcast exec -- npm test')
  await page.evaluate('globalThis.notReloaded = true')

  const end = join(service.directory, 'end')
  const { code, output } = runcast(t, ['exec', '--name', 'count to a file', '--', process.execPath, '-e', COMMAND, end], { environment: { DATA_DIR: service.directory } })
  const link = page.getByRole('link', { name: /count to a file/ })
  await link.waitFor()
  t.equal(await page.getByRole('heading', { name: 'Start a first run' }).count(), 0)
  await link.click()

  const { log, connection, seen, copied } = runPage(page)
  await page.getByRole('heading', { name: 'count to a file' }).waitFor()
  await connection.filter({ hasText: 'Live' }).waitFor()
  await seen('a needle at 60')
  t.equal(await page.evaluate('globalThis.notReloaded'), true, 'all that without a reload')

  await page.keyboard.press('/')
  await page.keyboard.type('needle at')
  const hits = page.getByRole('search')
  await hits.getByText('3 lines', { exact: true }).waitFor()
  await page.keyboard.press('Enter')
  const first = Number(/(\d) of 3/.exec(await hits.getByText(/^\d of 3$/).textContent() ?? '')?.[1])
  await page.getByRole('button', { name: 'Next hit' }).click()
  await hits.getByText(`${first % 3 + 1} of 3`, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Previous hit' }).click()
  await hits.getByText(`${first} of 3`, { exact: true }).waitFor()
  await log.getByText('needle at').first().waitFor()
  await page.getByRole('button', { name: 'Clear the search' }).click()
  // A first visit has no session yet, and the browser logs every 401.
  t.same(faults.filter((fault) => !fault.endsWith('/api/v1/session')), [])
  faults.length = 0

  await service.kill()
  await connection.filter({ hasText: /Reconnecting|Stale/ }).waitFor()
  await page.getByText('not live').waitFor()
  await delay(OUTAGE_MS)
  await service.start()
  await connection.filter({ hasText: /^Live.*nothing missed, [\d,]+ events/ }).waitFor()
  await writeFile(end, '')
  t.equal(await code, 0)
  await connection.filter({ hasText: 'Ended' }).waitFor()

  const lines = output.stdout.trimEnd().split('\n')
  t.ok(lines.length > 200, `${lines.length} lines`)
  await waitUntil('all lines are there', async () => (await copied()).some((line) => line.includes('the very last line')))
  t.same((await copied()).flatMap((line) => / INFO ((?:line|a needle|the very) .*)/.exec(line)?.[1] ?? []), lines, 'every line once, in order')
  t.equal(await page.evaluate('globalThis.notReloaded'), true)
  t.same(faults.filter((fault) => !fault.includes('net::ERR_')), [], 'but for the connection nothing went wrong')
  t.same(foreign, [])
})
