import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { logEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'

const RUN_VIEW = /\/assets\/run-detail-view-[^/]*\.js$/

const service = await startUiService(t)
const browser = await launchBrowser(t)
await service.publish('deployed', [statusEvent('running'), logEvent('a line')])

/** Opens the list of runs before the view of a run is loaded, and notes each load of the page. */
async function openList () {
  const { page } = await openPage(browser, service.url)
  await service.signIn(page)
  const loads: string[] = []
  page.on('load', () => loads.push(page.url()))
  return { page, loads, link: page.getByRole('link', { name: 'deployed' }) }
}

t.test('a page from before a deployment loads itself again, once, when a part of it is not served any more', async (t) => {
  const { page, loads, link } = await openList()
  await page.route(RUN_VIEW, (route) => loads.length === 1 ? route.fulfill({ status: 404 }) : route.continue())
  await page.goto('/')
  await link.click()
  await page.getByRole('heading', { name: 'deployed' }).waitFor()
  await page.getByRole('log').getByText('a line').waitFor()
  t.same(loads, [`${service.url}/`, `${service.url}/runs/deployed`])
})

t.test('a part that stays away is said to be away, and the page is not loaded again and again', async (t) => {
  const { page, loads, link } = await openList()
  await page.route(RUN_VIEW, (route) => route.fulfill({ status: 404 }))
  await page.goto('/')
  await link.click()
  await page.getByText('This page could not be shown.').waitFor()
  t.same(loads, [`${service.url}/`, `${service.url}/runs/deployed`])
  await page.getByRole('link', { name: 'Runcast' }).click()
  await link.waitFor()
})

t.test('a page that is opened while the service is away is there when it is back', async (t) => {
  const { page, loads, link } = await openList()
  await page.goto('/')
  await link.waitFor()
  await service.kill()
  await link.click()
  await page.getByText('Loading').waitFor()
  await service.start()
  await page.getByRole('log').getByText('a line').waitFor()
  t.equal(await page.getByRole('heading', { name: 'deployed' }).count(), 1)
  t.ok(loads.length <= 2)
})
