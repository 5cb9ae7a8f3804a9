import type { Page } from 'playwright-core'
import t from 'tap'
import { launchBrowser, openPage, openTab, setView, type WatchedPage } from '../helpers/pages/browser.ts'
import { openRun, runPage } from '../helpers/pages/run-page.ts'
import { logEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'

const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8]

const service = await startUiService(t)
const browser = await launchBrowser(t)

/** Opens a tab with a session, and gives a function that opens more. */
async function window () {
  const first = await openPage(browser, service.url)
  await service.signIn(first.page)
  return { first, open: () => openTab(first.page.context(), service.url) }
}

/** Brings one of the tabs into view, and the others out of it. */
async function look (tabs: readonly WatchedPage[], page: Page): Promise<void> {
  for (const other of tabs) await setView(other.page, other.page === page ? 'visible' : 'hidden')
}

t.test('eight tabs on one run all show its lines as they come', async (t) => {
  await service.publish('shared', [statusEvent('running'), logEvent('the first line')])
  const { first, open } = await window()
  const tabs = [first]
  while (tabs.length < NUMBERS.length) tabs.push(await open())
  for (const { page } of tabs) await (await openRun(page, 'shared')).seen('the first line')
  await service.publish('shared', [logEvent('the second line')])
  for (const { page } of tabs) await runPage(page).seen('the second line')
  await service.publish('shared', [statusEvent('succeeded')])
  for (const { page, faults } of tabs) {
    await runPage(page).connection.filter({ hasText: 'Ended' }).waitFor()
    t.same(faults, [])
  }
})

t.test('eight tabs on eight runs and one on their list all load over HTTP/1.1, and who is looked at is up to date', async (t) => {
  for (const number of NUMBERS) await service.publish(`run-${number}`, [statusEvent('running'), logEvent(`the first line of ${number}`)])
  const { first, open } = await window()
  await first.page.goto('/')
  await first.page.getByRole('link', { name: 'run-8' }).waitFor()
  const tabs = [first]
  for (const number of NUMBERS) {
    for (const tab of tabs.slice(-1)) await setView(tab.page, 'hidden')
    const tab = await open()
    tabs.push(tab)
    await (await openRun(tab.page, `run-${number}`)).seen(`the first line of ${number}`)
  }
  for (const number of NUMBERS) await service.publish(`run-${number}`, [logEvent(`the second line of ${number}`)])
  for (const number of NUMBERS) {
    const page = tabs[number]?.page ?? first.page
    await look(tabs, page)
    await runPage(page).seen(`the second line of ${number}`)
    await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
  }
  await look(tabs, first.page)
  await first.page.getByRole('row', { name: /run-8/ }).getByText('the second line of 8').waitFor()
  for (const { faults } of tabs) t.same(faults, [])
})
