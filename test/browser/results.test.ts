import type { Page } from 'playwright-core'
import t from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { openRun } from '../helpers/pages/run-page.ts'
import { logEvent, resultEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const service = await startUiService(t)
const browser = await launchBrowser(t)

/** Opens the results of a run, with a session. */
async function openResults (runId: string) {
  const { page, faults } = await openPage(browser, service.url, { viewport: { width: 1440, height: 900 } })
  await service.signIn(page)
  await openRun(page, runId)
  const region = page.getByRole('region', { name: 'Results' })
  const look = (name: string) => region.getByText(name, { exact: true }).click()
  return { page, faults, region, look }
}

/** The texts of a column of the table that is shown, from the top. */
function column (page: Page, number: number): Promise<string[]> {
  return page.locator(`tbody td:nth-child(${number})`).allInnerTexts()
}

t.test('records are a plot and a table that is sorted by what is clicked, and what comes is shown as it comes', async (t) => {
  const records = [{ epoch: 1, loss: 2.5, note: 'b' }, { epoch: 2, loss: 10, note: 'a' }, { epoch: 3, loss: 0.5, note: null }]
  await service.publish('records', [statusEvent('running'), resultEvent(records.slice(0, 2), 'application/json')])
  const { page, faults, region, look } = await openResults('records')
  await region.getByRole('img', { name: 'Plot of loss over epoch, 2 points' }).waitFor()
  await look('Table')
  await region.getByText('2 rows', { exact: true }).waitFor()
  await service.publish('records', [resultEvent(records, 'application/json')])
  await region.getByText('3 rows', { exact: true }).waitFor()
  t.same(await column(page, 2), ['2.5', '10', '0.5'])
  await region.getByRole('button', { name: 'loss' }).click()
  t.same(await column(page, 2), ['10', '2.5', '0.5'], 'as numbers')
  t.equal(await region.getByRole('columnheader', { name: 'loss' }).getAttribute('aria-sort'), 'descending')
  await region.getByRole('button', { name: 'loss' }).press('Enter')
  t.same(await column(page, 2), ['0.5', '2.5', '10'])
  await region.getByRole('button', { name: 'note' }).click()
  t.same(await column(page, 3), ['a', 'b', ''], 'what is not there comes last')
  t.same(faults, [])
})

t.test('a result is compared with the one before it, and earlier ones can be gone back to', async (t) => {
  const content = { model: 'small', score: 1, tags: ['x'] }
  await service.publish('changes', [statusEvent('running'), resultEvent(content, 'application/json'), resultEvent({ ...content, score: 2 }, 'application/json'), resultEvent({ ...content, score: 3 }, 'application/json')])
  const { faults, region, look } = await openResults('changes')
  await look('Changes')
  const changes = region.getByRole('region', { name: 'Changes' })
  await changes.waitFor()
  t.match(await changes.locator('del').innerText(), '"score": 2')
  t.match(await changes.locator('ins').innerText(), '"score": 3')
  await region.getByText('3 of 3').waitFor()
  await region.getByRole('button', { name: 'Previous result' }).click()
  await region.getByText('2 of 3').waitFor()
  t.match(await changes.locator('del').innerText(), '"score": 1')
  await look('Tree')
  await region.getByRole('tree').getByText('small').waitFor()
  await service.publish('changes', [resultEvent({ ...content, score: 4 }, 'application/json')])
  await region.getByText('2 of 4').waitFor()
  t.same(faults, [])
})

t.test('Markdown is a document, an image is an image, and numbers that follow one another are a plot', async (t) => {
  await service.publish('kinds', [
    statusEvent('running'),
    resultEvent('# A heading\n\n| a | b |\n| - | - |\n| 1 | 2 |\n', 'text/markdown', { step: 'document' }),
    resultEvent(PIXEL, 'image/png', { step: 'picture' }),
    ...[0.3, 0.2, 0.1].map((loss) => resultEvent({ loss }, 'application/json', { step: 'numbers' })),
    logEvent('all is sent')
  ])
  const { faults, region } = await openResults('kinds')
  const step = region.getByRole('combobox', { name: 'Result of' })
  await step.selectOption('document')
  await region.getByRole('heading', { name: 'A heading' }).waitFor()
  t.equal(await region.getByRole('cell', { name: '2' }).count(), 1)
  await step.selectOption('picture')
  await region.getByRole('img', { name: 'Result' }).waitFor()
  t.equal(await region.getByRole('img', { name: 'Result' }).evaluate((image) => Object(image).naturalWidth), 1)
  await step.selectOption('numbers')
  await region.getByRole('img', { name: 'Plot of loss over time, 3 points' }).waitFor()
  t.same(faults, [])
})
