import type { Page } from 'playwright-core'
import t from 'tap'
import { percentile95, recordFrames } from '../helpers/http/frames.ts'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { logEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const RUNS = 2_000
const AT_ONCE = 50

/** In milliseconds, far above the aim: the machine of a test may be busy. */
const MOST_MS = 2_000

const service = await startUiService(t)
const browser = await launchBrowser(t)

/** The statuses of the runs, by turns. */
const STATUSES = ['succeeded', 'succeeded', 'failed', 'running']
const nameOf = (number: number) => `Nightly job ${String(number).padStart(4, '0')}`
for (let first = 1; first <= RUNS; first += AT_ONCE) {
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => first + index).map((number) =>
    service.publish(`job-${number}`, [statusEvent('running', { name: nameOf(number) }), logEvent(`row ${number}`), statusEvent(STATUSES[number % STATUSES.length] ?? 'running')])))
}

async function openList (path = '/') {
  const { page, faults } = await openPage(browser, service.url, { viewport: { width: 1440, height: 900 } })
  await service.signIn(page)
  await page.goto(path)
  await page.getByRole('row').nth(1).waitFor()
  return { page, faults, status: (name: string) => page.getByRole('group', { name: 'Filter by status' }).getByRole('button', { name }) }
}

/** The number of rows of the list. Only some of them are in the page. */
async function rowCount (page: Page): Promise<number> {
  return Number(await page.getByRole('table', { name: 'Runs' }).getAttribute('aria-rowcount')) - 1
}

/** Resolves when the list does not move any more. */
async function standsStill (page: Page): Promise<void> {
  const last = page.getByRole('row').last()
  let before = ''
  let times = 0
  await waitUntil('the list stands still', async () => {
    const now = JSON.stringify([await last.innerText(), await last.boundingBox()])
    times = now === before ? times + 1 : 0
    before = now
    return times >= 10
  })
}

t.test('thousands of runs are scrolled through without lag, and those in view stay where they are when new ones come', async (t) => {
  const { page, faults } = await openList()
  const stop = await recordFrames(page)
  await page.mouse.move(700, 500)
  await waitUntil('all runs are in the list', async () => {
    await page.mouse.wheel(0, 4_000)
    return await page.getByText('2,000 runs, all there are').count() > 0
  })
  const frames = await stop()
  await standsStill(page)
  t.equal(await rowCount(page), RUNS)
  t.ok(await page.getByRole('row').count() < 100, 'only those near the view are in the page')
  t.comment(`${frames.length} frames, the 95th percentile ${percentile95(frames).toFixed(1)} ms`)
  t.ok(percentile95(frames) < MOST_MS)

  const last = page.getByRole('row').last()
  const [text, box] = [await last.innerText(), await last.boundingBox()]
  await service.publish('brand-new', [statusEvent('running', { name: 'Brand new' })])
  await page.getByRole('button', { name: '1 new run' }).waitFor()
  t.equal((await last.innerText()).split('\n')[1], text.split('\n')[1])
  t.equal((await last.boundingBox())?.y, box?.y)
  await page.getByRole('button', { name: '1 new run' }).click()
  await page.getByRole('link', { name: /Brand new/ }).waitFor()
  t.same(faults, [])
})

t.test('the filter is in the address, and finds runs that were not loaded yet', async (t) => {
  const { page, status } = await openList('/?status=failed')
  t.equal(await status('Failed').getAttribute('aria-pressed'), 'true')
  t.notMatch(await page.getByRole('table').innerText(), 'Succeeded')
  await page.getByRole('textbox', { name: 'Search runs' }).fill('job 0102')
  await page.getByRole('link', { name: /Nightly job 0102/ }).waitFor()
  t.match(page.url(), /\?status=failed&q=job\+0102$/)
  await page.reload()
  await page.getByRole('link', { name: /Nightly job 0102/ }).waitFor()
  await page.getByRole('link', { name: /Nightly job 0102/ }).click()
  await page.getByRole('heading', { name: 'Nightly job 0102' }).waitFor()
  await page.goBack()
  t.match(page.url(), /\?status=failed&q=job\+0102$/)
  await status('All').click()
  await page.getByRole('textbox', { name: 'Search runs' }).fill('')
  await page.getByRole('link', { name: /Brand new/ }).waitFor()
  t.equal(page.url(), `${service.url}/`)
})

t.test('the keyboard goes through the runs, opens one and comes back to it', async (t) => {
  const { page } = await openList()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('ArrowDown')
  const focused = () => page.evaluate('document.activeElement?.dataset.run')
  const chosen = await focused()
  t.type(chosen, 'string')
  await page.keyboard.press('Enter')
  await page.getByRole('article').waitFor()
  t.equal(page.url(), `${service.url}/runs/${String(chosen)}`)
  await page.goBack()
  await waitUntil('the run has the focus again', async () => await focused() === chosen)
})

t.test('counts per status, and running times that tick, are those of now', async (t) => {
  await service.publish('counted-1', [statusEvent('running')])
  const { page, status } = await openList('/?q=counted')
  await service.publish('counted-2', [statusEvent('running')])
  await status('Running').getByText('2').waitFor()
  await service.publish('counted-1', [statusEvent('succeeded')])
  await status('Running').getByText('1').waitFor()
  await status('Succeeded').getByText('1').waitFor()
  const duration = page.getByRole('row', { name: /counted-2/ }).getByRole('cell').last()
  const before = await duration.innerText()
  await waitUntil('the time has gone on', async () => await duration.innerText() !== before)
  t.match(await duration.innerText(), /^\d+s$/)
})
