import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { openRun } from '../helpers/pages/run-page.ts'
import { logEvent, startUiService, statusEvent, type PublishedEvent } from '../helpers/pages/ui-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const KEPT = 500

const service = await startUiService(t, { RUN_MAX_EVENTS: String(KEPT) })
const browser = await launchBrowser(t)

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => logEvent(`line ${from + index}`))

/** Opens the page of a new run, with a session. */
async function openNew (runId: string, events: readonly PublishedEvent[]) {
  await service.publish(runId, events)
  const watched = await openPage(browser, service.url, { viewport: { width: 1440, height: 900 } })
  await service.signIn(watched.page)
  await watched.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  return { ...watched, run: await openRun(watched.page, runId) }
}

function clipboard (page: Page): Promise<string> {
  return page.evaluate('navigator.clipboard.readText()')
}

t.test('rows are filtered by level, and by a step with all below it', async (t) => {
  const { page, run: { log, seen } } = await openNew('filtered', [
    statusEvent('running'), statusEvent('running', { step: 'build' }), statusEvent('running', { step: 'build/link' }), statusEvent('running', { step: 'test' }),
    logEvent('of the run'), logEvent('of build', { step: 'build' }), logEvent('of link', { step: 'build/link', level: 'warn' }), logEvent('of test', { step: 'test', level: 'error' })
  ])
  const shows = (...texts: string[]) => waitUntil(`only ${texts.join(', ')}`, async () => {
    const shown = (await log.innerText()).match(/of (?:the run|build|link|test)$/gm) ?? []
    return shown.join() === texts.join()
  })
  await seen('of test')
  await page.getByRole('combobox', { name: 'Level' }).selectOption({ label: 'Warnings and errors' })
  await shows('of link', 'of test')
  await page.getByRole('combobox', { name: 'Level' }).selectOption({ label: 'All levels' })
  await page.getByRole('list', { name: 'Steps' }).getByRole('button', { name: /^build/ }).first().click()
  await shows('of build', 'of link')
  t.equal(await page.getByRole('combobox', { name: 'Step' }).inputValue(), 'build')
  await service.publish('filtered', [logEvent('more of the run'), logEvent('and of build', { step: 'build' })])
  await seen('and of build')
  await page.getByRole('combobox', { name: 'Step' }).selectOption('')
  await seen('more of the run')
})

t.test('a line and its link are copied, the log is downloaded, lines wrap, and times are absolute, relative or away', async (t) => {
  const long = `a long line ${'and on '.repeat(100)}`.trim()
  const { page, run: { log, seen } } = await openNew('tools', [statusEvent('running'), logEvent('short'), logEvent(long)])
  await seen('short')
  await page.keyboard.press('G')
  const row = log.getByText(long, { exact: true })
  const height = async () => (await row.boundingBox())?.height ?? 0
  const before = await height()
  await page.getByRole('button', { name: 'Wrap lines' }).click()
  await waitUntil('it takes several lines', async () => await height() > before * 2)

  const time = log.getByRole('link').nth(1)
  t.match(await time.innerText(), /^\d\d:\d\d:\d\d\.\d{3}$/)
  await page.keyboard.press('t')
  t.match(await time.innerText(), /^\+0:\d\d\.\d{3}$/)
  await page.keyboard.press('t')
  t.match(await time.innerText(), /^·$/)

  await time.click()
  const bar = page.getByRole('region', { name: 'Marked line' })
  await bar.getByRole('button', { name: 'Copy line' }).click()
  await bar.getByRole('button', { name: 'Copied' }).waitFor()
  t.equal(await clipboard(page), 'short')
  await bar.getByRole('button', { name: 'Copy link' }).click()
  await waitUntil('the link is copied', async () => await clipboard(page) === page.url())
  t.match(page.url(), /\/runs\/tools#line=\d+-2$/)

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download the log' }).click()])
  t.match(await readFile(await download.path(), 'utf8'), 'INFO short\n')
})

t.test('who scrolls up is let stay, and is offered the way back', async (t) => {
  const { page, run: { log, seen } } = await openNew('scrolled', [statusEvent('running'), ...lines(1, 300)])
  await seen('line 300')
  await log.hover()
  await page.mouse.wheel(0, -2_000)
  const back = page.getByRole('button', { name: 'Follow', exact: true })
  await back.waitFor()
  await log.getByText('line 200', { exact: true }).waitFor()
  await service.publish('scrolled', lines(301, 400))
  await log.getByText('line 200', { exact: true }).waitFor()
  t.equal(await log.getByText('line 400', { exact: true }).count(), 0)
  await back.click()
  await seen('line 400')
  await back.waitFor({ state: 'detached' })
  await service.publish('scrolled', [logEvent('and it follows')])
  await seen('and it follows')
})

t.test('events that were trimmed while the connection was away are a band in the log that counts them', async () => {
  const { page, run: { log, connection, seen } } = await openNew('gapped', [statusEvent('running'), ...lines(1, 99)])
  await seen('line 99')
  await connection.filter({ hasText: 'Live' }).waitFor()
  await page.route('**/workflow-runs/gapped/**', (route) => route.abort())
  await service.kill()
  await service.start()
  await connection.filter({ hasText: /Reconnecting|Stale/ }).waitFor()
  await service.publish('gapped', lines(100, 1_299))
  await page.unroute('**/workflow-runs/gapped/**')
  // Of 1,300 events the last 500 are kept, and the page has the first 100.
  await connection.filter({ hasText: '700 of 1,300 events missing' }).waitFor()
  await seen('line 1299')
  await page.keyboard.press('/')
  await page.keyboard.type('missing here')
  await page.getByRole('search').getByText('1 line', { exact: true }).waitFor()
  await page.keyboard.press('Enter')
  await log.getByRole('note').getByText('700 events are missing here').waitFor()
  await seen('line 99')
  await seen('line 800')
})
