import type { Locator, Page } from 'playwright-core'
import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { openRun } from '../helpers/pages/run-page.ts'
import { logEvent, resultEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'

const IMAGE = '<img src="http://elsewhere.invalid/pixel.png" onerror="alert(1)">'
const SCRIPT = '<script>alert(1)</script>'
const FRAME = '<iframe src="javascript:alert(1)"></iframe>'
const MARKDOWN = `[press me](javascript:alert(1)) ![picture](http://elsewhere.invalid/picture.png) [data](data:text/html,${encodeURIComponent(SCRIPT)}) ${IMAGE} ${SCRIPT} [web](https://example.com/)`
const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="alert(1)">${SCRIPT}<image href="http://elsewhere.invalid/picture.png" width="9" height="9"/><rect width="40" height="40"/></svg>`

const service = await startUiService(t, { MAX_EVENT_BYTES: '4000000' })
const browser = await launchBrowser(t)

/** Notes the dialogs that a page opens, and closes them. */
function noteDialogs (page: Page): string[] {
  const dialogs: string[] = []
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message())
    dialog.dismiss().catch(() => {})
  })
  return dialogs
}

t.test('whatever a run sends is text: nothing runs, nothing is asked for elsewhere, and nothing else in the page changes', async (t) => {
  const { page, faults, foreign } = await openPage(browser, service.url)
  const dialogs = noteDialogs(page)
  await service.signIn(page)
  await service.publish('hostile', [
    statusEvent('running', { name: `${IMAGE}${SCRIPT}` }),
    statusEvent('running', { step: IMAGE }),
    statusEvent(SCRIPT, { step: '__proto__' }),
    statusEvent('constructor', { step: 'constructor' }),
    logEvent(IMAGE), logEvent(SCRIPT), logEvent(FRAME),
    logEvent('\u001b]8;;javascript:alert(1)\u0007a link\u001b]8;;\u0007 after it'),
    logEvent('\u001b[2J\u001b[H\u001b]0;another title\u0007cleared?'),
    logEvent('\u001b[8mhidden?\u001b[0m \u001b[31mred\u001b[0m'),
    logEvent('invoice\u202Egnp.exe'),
    logEvent('\u0000\u0007\b bells'),
    { event_type: 'log', payload: { message: { toString: 'not a function' }, level: { a: 1 }, step: ['x'] } },
    { event_type: 'log', payload: null },
    { event_type: 'own.type', payload: { html: IMAGE } },
    resultEvent(MARKDOWN, 'text/markdown', { step: 'notes' }),
    resultEvent({ __proto__: null, html: IMAGE, [SCRIPT]: FRAME }, 'application/json', { step: 'tree' }),
    resultEvent([{ a: IMAGE, b: SCRIPT }, { a: FRAME, b: 2 }], 'application/json', { step: 'table' }),
    resultEvent(PICTURE, 'image/svg+xml', { step: 'picture' }),
    resultEvent(`">${SCRIPT}`, 'image/png', { step: 'no picture' }),
    resultEvent(`<h1>${SCRIPT}</h1>`, 'text/html', { step: 'html' }),
    logEvent('x'.repeat(1_000_000)),
    logEvent('after all that')
  ])

  const { log, seen, copied } = await openRun(page, 'hostile')
  await seen('after all that')
  await page.getByRole('heading', { name: IMAGE }).waitFor()
  for (const text of [IMAGE, SCRIPT, FRAME, 'a link after it', 'cleared?', 'hidden? red']) await log.getByText(text, { exact: true }).first().waitFor()
  t.equal(await log.getByText('hidden?').first().isVisible(), true)
  t.not(await colorOf(log.getByText('red', { exact: true })), await colorOf(log.getByText('cleared?', { exact: true })), 'colours stay')
  t.equal(await log.locator('img, script, iframe, a[href^="javascript:"]').count(), 0)
  t.notMatch(await page.title(), 'another title')
  const held = (await copied()).join('')
  for (const character of ['\u202e', '\u0007', '\u001b']) t.notOk(held.includes(character))

  const result = page.getByRole('combobox', { name: 'Result of' })
  for (const step of ['notes', 'tree', 'table', 'picture', 'no picture', 'html']) {
    await result.selectOption(step)
    const region = page.getByRole('region', { name: 'Results' })
    await region.getByLabel('Loading').waitFor({ state: 'detached' })
    if (step === 'notes') {
      t.equal(await region.getByRole('link').count(), 1, 'the only link is one to the web')
      t.equal(await region.getByRole('link').getAttribute('href'), 'https://example.com/')
    }
    t.equal(await region.locator('script, iframe, object, embed, img:not([src^="data:image/svg+xml"])').count(), 0, step)
  }

  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Runs', exact: true }).click()
  await page.getByRole('link', { name: /alert/ }).waitFor()
  t.equal(await page.getByRole('table', { name: 'Runs' }).locator('img, script').count(), 0)
  t.same(dialogs, [])
  t.same(faults, [])
  t.same(foreign, [])
})

function colorOf (text: Locator): Promise<string> {
  return text.evaluate((element) => Object(globalThis).getComputedStyle(element).color)
}

t.test('an error, a filter in the address and a run id that are hostile are text too', async (t) => {
  const { page, faults, foreign } = await openPage(browser, service.url)
  const dialogs = noteDialogs(page)
  await service.signIn(page)
  await service.publish('hostile-end', [statusEvent('running'), logEvent(SCRIPT, { level: 'error' }), statusEvent('failed', { error: IMAGE })])
  await openRun(page, 'hostile-end')
  await page.getByRole('status').filter({ hasText: 'This run has failed' }).getByText(IMAGE).waitFor()
  await page.goto(`/?q=${encodeURIComponent(IMAGE)}&status=${encodeURIComponent(SCRIPT)}`)
  await page.getByText('No run matches.').waitFor()
  t.equal(await page.getByRole('textbox', { name: 'Search runs' }).inputValue(), IMAGE)
  faults.length = 0
  await page.goto(`/runs/${encodeURIComponent(IMAGE)}`)
  await page.getByText('This run can not be shown').waitFor()
  t.same(faults.filter((fault) => !fault.includes('/api/v1/workflow-runs/')), [], 'but for what the service refuses')
  await page.goto(`/login?next=${encodeURIComponent('//elsewhere.invalid/')}`)
  await page.getByRole('heading', { name: 'Runs' }).waitFor()
  t.equal(page.url(), `${service.url}/`)
  t.same(dialogs, [])
  t.same(foreign, [])
})
