import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { openRun } from '../helpers/pages/run-page.ts'
import { logEvent, resultEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const service = await startUiService(t)
const browser = await launchBrowser(t)

/** Moves a replay to its begin (Home) or its end (End). */
async function seek (page: Page, key: 'Home' | 'End'): Promise<void> {
  await page.getByRole('slider', { name: 'Moment of the run' }).press(key)
}

t.test('a finished run is shown again as it went: from its begin, at any speed, and from any moment', async (t) => {
  await service.publish('again', [statusEvent('running', { name: 'Shown again' }), statusEvent('running', { step: 'build' }), logEvent('the first line')])
  await delay(1_500)
  await service.publish('again', [logEvent('the middle line'), resultEvent({ done: 1 }, 'application/json'), statusEvent('failed', { step: 'build' })])
  await delay(1_500)
  await service.publish('again', [logEvent('the last line'), statusEvent('failed', { error: 'it broke' })])

  const { page, faults } = await openPage(browser, service.url, { viewport: { width: 1440, height: 900 } })
  await service.signIn(page)
  const { log, seen } = await openRun(page, 'again')
  await seen('the last line')
  await page.getByRole('button', { name: 'Replay', exact: true }).click()
  const replay = page.getByRole('region', { name: 'Replay' })
  await replay.waitFor()
  await page.keyboard.press('p')
  await replay.getByRole('button', { name: 'Play', exact: true }).waitFor()
  await seek(page, 'Home')
  await waitUntil('only the begin is shown', async () => !(await log.innerText()).includes('the middle line'))
  await seen('the first line')
  await page.getByRole('article').getByText('Running', { exact: true }).waitFor()
  await page.getByRole('list', { name: 'Steps' }).getByRole('button', { name: /build.*Running/ }).waitFor()
  await page.getByText('No results yet.').waitFor()

  await replay.getByRole('combobox', { name: 'Speed' }).selectOption('32')
  await page.keyboard.press('p')
  await seen('the last line')
  await page.getByRole('list', { name: 'Steps, 1 failed' }).waitFor()
  await page.getByRole('article').getByText('Failed', { exact: true }).first().waitFor()
  await replay.getByRole('button', { name: 'Play', exact: true }).waitFor()
  t.same(await replay.getByRole('combobox', { name: 'Speed' }).getByRole('option').allInnerTexts(), ['1×', '2×', '4×', '8×', '16×', '32×'])

  await seek(page, 'Home')
  await waitUntil('the begin is shown again', async () => !(await log.innerText()).includes('the last line'))
  await page.keyboard.press('Escape')
  await replay.waitFor({ state: 'detached' })
  await seen('the last line')
  t.same(faults, [])
})
