import t from 'tap'
import { launchBrowser, openPage, openTab } from '../helpers/pages/browser.ts'
import { openRun, runPage } from '../helpers/pages/run-page.ts'
import { logEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'
import { inSeconds } from '../helpers/service/tokens.ts'

/** Long enough for a page to open on a busy machine, in seconds. */
const SHORT_SESSION_S = 25

const service = await startUiService(t)
const browser = await launchBrowser(t)
await service.publish('watched', [statusEvent('running', { name: 'A watched run' }), logEvent('the first line')])

t.test('who is not signed in is asked for a token, told when it is none, and taken to where they wanted to go', async (t) => {
  const { page, foreign } = await openPage(browser, service.url)
  await page.goto('/runs/watched#line=1-1')
  await page.getByRole('heading', { name: 'Sign in to Runcast' }).waitFor()
  t.match(page.url(), '/login?next=')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('Paste a token first.').waitFor()
  await page.getByLabel('Token', { exact: true }).fill('not a token')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('This is not a valid token of this service.').waitFor()
  await page.getByLabel('Token', { exact: true }).fill(await service.tokenFor({ sub: 'pasted' }))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'A watched run' }).waitFor()
  t.match(page.url(), '/runs/watched#line=1-1')
  await page.getByRole('button', { name: 'Account: pasted' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are signed out.').waitFor()
  await page.goto('/')
  await page.getByRole('heading', { name: 'Sign in to Runcast' }).waitFor()
  t.same(foreign, [])
})

t.test('behind a gateway that sends credentials nobody signs in, and no cookie is needed', async (t) => {
  const { page, faults } = await openPage(browser, service.url, { extraHTTPHeaders: { authorization: `Bearer ${await service.tokenFor({ sub: 'somebody' })}` } })
  await page.goto('/')
  await page.getByRole('link', { name: /A watched run/ }).click()
  const { connection, seen } = runPage(page)
  await connection.filter({ hasText: 'Live' }).waitFor()
  await service.publish('watched', [logEvent('a line through the gateway')])
  await seen('a line through the gateway')
  await page.getByRole('button', { name: 'Account: somebody' }).waitFor()
  t.same(await page.context().cookies(), [])
  t.same(faults, [])
})

t.test('when a session ends all its tabs say so, and who signs in again in one of them goes on in all', async (t) => {
  const { page: first } = await openPage(browser, service.url)
  const { page: second } = await openTab(first.context(), service.url)
  await service.signIn(first, { exp: inSeconds(SHORT_SESSION_S) })
  for (const page of [first, second]) await (await openRun(page, 'watched')).seen('the first line')
  for (const page of [first, second]) await page.getByText('Your session has ended.').waitFor({ timeout: 120_000 })
  await service.publish('watched', [logEvent('written meanwhile')])
  await first.getByLabel('Token', { exact: true }).fill(await service.tokenFor())
  await first.keyboard.press('Enter')
  for (const page of [first, second]) {
    await runPage(page).seen('written meanwhile')
    await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
    t.equal(page.url(), `${service.url}/runs/watched`)
  }
  await service.publish('watched', [logEvent('and after it')])
  for (const page of [first, second]) await runPage(page).seen('and after it')
})

t.test('a page renews its session long before that ends', async (t) => {
  const { page } = await openPage(browser, service.url)
  await page.clock.install()
  await service.kill()
  await service.start()
  await page.goto(service.loginUrl())
  await page.getByRole('link', { name: /A watched run/ }).waitFor()
  const renewed = page.waitForResponse((response) => response.url().endsWith('/api/v1/session') && response.request().method() === 'POST')
  await page.clock.fastForward('01:00:00')
  const response = await renewed
  t.equal(response.status(), 201)
  t.match(response.headers()['set-cookie'] ?? (await response.headerValue('set-cookie')), /^runcast_\d+=/)
})

t.test('who may not see runs is told so', async (t) => {
  const { page } = await openPage(browser, service.url)
  await service.signIn(page, { scope: 'runs:write' })
  await page.goto('/')
  await page.getByText('This session may not see runs').waitFor()
  await page.goto('/runs/watched')
  await page.getByText('This run can not be shown').waitFor()
  t.match(await page.getByRole('log').innerText(), '')
  await service.signIn(page, { run_ids: ['other-*'] })
  await page.goto('/runs/watched')
  await page.getByText('This run can not be shown').waitFor()
  t.equal(await page.getByText('the first line').count(), 0)
})
