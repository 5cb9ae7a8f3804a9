import type { Page } from 'playwright-core'
import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { openRun } from '../helpers/pages/run-page.ts'
import { logEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const LONG = 100_000

const service = await startUiService(t)
const browser = await launchBrowser(t)

/** Opens a page with a session. */
async function signedIn () {
  const watched = await openPage(browser, service.url)
  await service.signIn(watched.page)
  return watched
}

const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => logEvent(`line ${from + index}`))

t.test('a run that failed opens at its first error, however many lines follow', async (t) => {
  await service.publish('failed', [
    statusEvent('running'), ...lines(1, 3_000), logEvent('the disk is full', { level: 'error' }), ...lines(3_001, 8_000),
    logEvent('and another error', { level: 'error' }), statusEvent('failed', { error: 'no space left' })
  ])
  const { page, faults } = await signedIn()
  const { seen } = await openRun(page, 'failed')
  await seen('the disk is full')
  await seen('line 3000')
  await page.getByRole('status').filter({ hasText: 'This run has failed' }).getByText('no space left').waitFor()
  t.match(await page.title(), 'failed')
  t.match(await page.locator('link[rel="icon"]').getAttribute('href'), encodeURIComponent('#c0232f'), 'the icon of the tab is that of a failure')
  const search = page.getByRole('search')
  await page.keyboard.press('/')
  await page.keyboard.type('another error')
  await search.getByText('None so far').waitFor()
  await search.getByRole('button', { name: 'Search later lines' }).click()
  await search.getByText(/^1\+? lines?$/).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Go to the end/ }).click()
  await seen('and another error')
  await page.getByRole('button', { name: 'Show the first error' }).click()
  await seen('the disk is full')
  t.same(faults, [])
})

t.test('a run of 100,000 lines opens with the newest, pages back as one scrolls, and is searched', async (t) => {
  await service.publish('long', [statusEvent('running'), ...lines(1, LONG - 1), logEvent('line 100000, the newest')])
  const { page, faults } = await signedIn()
  const { log, seen } = await openRun(page, 'long')
  await seen('line 100000, the newest')

  await page.keyboard.press('/')
  await page.keyboard.type('line 9999')
  const search = page.getByRole('search')
  await search.getByText('10+ lines', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Previous hit' }).click()
  await search.getByText(/of 10\+$/).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Clear the search' }).click({ timeout: 1_000 }).catch(() => {})

  await log.hover()
  await waitUntil('line 95000 is in the page', async () => {
    await page.mouse.wheel(0, -3_000)
    return firstShown(await log.innerText()) <= 95_000
  })
  t.ok(firstShown(await log.innerText()) > 1, 'only what is scrolled to is read')
  await page.getByRole('button', { name: /^Follow/ }).click()
  await seen('line 100000, the newest')
  await service.publish('long', [logEvent('one more')])
  await seen('one more')
  t.same(faults, [])
})

t.test('the page of a run that does not exist yet says that it waits, and shows its lines when they come', async (t) => {
  const { page } = await signedIn()
  const { connection, seen } = await openRun(page, 'not-yet')
  await page.getByText('Waiting for this run to begin').waitFor()
  await connection.filter({ hasText: 'Waiting' }).waitFor()
  t.match(await page.title(), /waiting/i)
  await service.publish('not-yet', [statusEvent('running', { name: 'It has begun' }), logEvent('here it is')])
  await seen('here it is')
  await page.getByRole('heading', { name: 'It has begun' }).waitFor()
  await connection.filter({ hasText: 'Live' }).waitFor()
  t.equal(await page.getByText('Waiting for this run to begin').count(), 0)
})

t.test('a line has a link, and who opens it is taken there', async (t) => {
  await service.publish('linked', [statusEvent('running'), ...lines(1, 5_000)])
  const { page } = await signedIn()
  const run = await openRun(page, 'linked')
  await run.seen('line 5000')
  await page.keyboard.press('j')
  await page.getByRole('region', { name: 'Marked line' }).waitFor()
  t.match(page.url(), /#line=\d+-\d+$/)
  const answer = await page.request.get('/api/v1/workflow-runs/linked/events?limit=101')
  const { events }: { events: { id: string }[] } = await answer.json()
  await page.goto('about:blank')
  await page.goto(`/runs/linked#line=${events.at(-1)?.id}`)
  await run.seen('line 100')
})

t.test('keys search, page and mark, and ? shows them all', async (t) => {
  await service.publish('keys', [statusEvent('running'), ...lines(1, 200)])
  const { page } = await signedIn()
  const { seen } = await openRun(page, 'keys')
  await seen('line 200')
  await page.keyboard.press('?')
  const overlay = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  for (const label of ['Search', 'Next hit', 'To the top', 'Follow, or stop following', 'Wrap lines', 'Show these shortcuts']) await overlay.getByText(label, { exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await overlay.waitFor({ state: 'hidden' })
  await page.keyboard.press('g')
  await seen('line 1')
  await page.keyboard.press('G')
  await seen('line 200')
  await page.keyboard.press('/')
  t.ok(await isFocused(page, 'Search the log'))
  await page.keyboard.type('line 42')
  await page.keyboard.press('Enter')
  await seen('line 42')
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Runs', exact: true }).click()
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  await page.getByRole('link', { name: 'keys', exact: true }).waitFor()
  await page.keyboard.press('/')
  t.ok(await isFocused(page, 'Search runs'))
  await page.keyboard.type('no such run')
  await page.getByText('No run matches.').waitFor()
})

function isFocused (page: Page, label: string): Promise<boolean> {
  return page.getByRole('textbox', { name: label }).evaluate((field) => field === Object(globalThis).document.activeElement)
}

/** The number of the first line in a text. */
function firstShown (text: string): number {
  return Number(/line (\d+)/.exec(text)?.[1] ?? Number.NaN)
}
