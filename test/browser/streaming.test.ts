import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { percentile95, recordFrames } from '../helpers/http/frames.ts'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { openRun } from '../helpers/pages/run-page.ts'
import { logEvent, startUiService, statusEvent, type UiService } from '../helpers/pages/ui-service.ts'

const PER_SECOND = 2_000
const PER_REQUEST = 100
const SECONDS = 5

/** In milliseconds, far above the aim: the machine of a test may be busy. */
const MOST_MS = 2_000
const MOST_SHIFT = 0.05

/** Sums up the shifts of the layout that the person did not cause. */
const OBSERVE = `
  globalThis.shift = 0
  globalThis.shifted = []
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      shift += value
      for (const { node } of sources) shifted.push(node?.parentElement?.outerHTML.slice(0, 300))
    }
  }).observe({ type: 'layout-shift', buffered: false })`

const service = await startUiService(t)
const browser = await launchBrowser(t)

/** Publishes as a busy engine does: a hundred lines every 50 ms. @returns the number of lines */
async function stream (service: UiService, runId: string): Promise<number> {
  const start = performance.now()
  let published = 0
  for (let request = 0; request < PER_SECOND * SECONDS / PER_REQUEST; request++) {
    await service.publish(runId, Array.from({ length: PER_REQUEST }, () => logEvent(`line ${++published} of many, as long as lines of a build are on the whole`)))
    await delay(Math.max(0, start + (request + 1) * 1_000 * PER_REQUEST / PER_SECOND - performance.now()))
  }
  return published
}

t.test('while 2,000 lines a second arrive nothing moves, and frames come in time', async (t) => {
  await service.publish('busy', [statusEvent('running'), statusEvent('running', { step: 'build' }), logEvent('the first line')])
  const { page, faults } = await openPage(browser, service.url)
  await service.signIn(page)
  const { seen } = await openRun(page, 'busy')
  await seen('the first line')
  await page.evaluate(OBSERVE)
  const stop = await recordFrames(page)
  const published = await stream(service, 'busy')
  const frames = await stop()
  await seen(`line ${published} of many, as long as lines of a build are on the whole`)
  const shift: number = await page.evaluate('shift')
  const percentile = percentile95(frames)
  t.comment(`${published} lines: ${frames.length} frames, the 95th percentile ${percentile.toFixed(1)} ms, the longest ${Math.max(...frames).toFixed(1)} ms`)
  t.ok(percentile < MOST_MS, `the 95th percentile of the frame times is ${percentile.toFixed(1)} ms`)
  t.ok(shift < MOST_SHIFT, `layout shift ${shift}: ${String(await page.evaluate('shifted.join()'))}`)
  t.same(faults, [])
})

t.test('nothing moves on the list of runs while a run of it is busy', async (t) => {
  for (const number of [1, 2, 3]) await service.publish(`other-${number}`, [statusEvent('running')])
  const { page, faults } = await openPage(browser, service.url)
  await service.signIn(page)
  await page.goto('/')
  await page.getByRole('link', { name: 'other-3' }).waitFor()
  await page.evaluate(OBSERVE)
  for (let line = 1; line <= 20; line++) await service.publish('other-1', [logEvent(`line ${line} ${'x'.repeat(line * 3)}`)])
  await service.publish('other-2', [statusEvent('failed')])
  await page.getByRole('row', { name: /other-2/ }).getByText('Failed').waitFor()
  await page.getByText(/^line 20 /).waitFor()
  const shift: number = await page.evaluate('shift')
  t.ok(shift < MOST_SHIFT, `layout shift ${shift}: ${String(await page.evaluate('shifted.join()'))}`)
  t.same(faults, [])
})
