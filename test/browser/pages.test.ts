import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchBrowser, openPage, violations } from '../helpers/pages/browser.ts'
import { failedRun, smallRuns, trainingRun } from '../helpers/pages/example-runs.ts'
import { PICTURED, takePicture, TAKES_PICTURES } from '../helpers/pages/pictures.ts'
import { runPage } from '../helpers/pages/run-page.ts'
import { startUiService, type PublishedEvent, type UiService } from '../helpers/pages/ui-service.ts'

/** A page to look at. */
interface Sight {
  readonly name: string
  readonly path: string
  /** Resolves when all of the page is there. */
  readonly ready: (page: Page) => Promise<unknown>
  /** Tells whether the README or the documents show it. */
  readonly isPictured?: boolean
  readonly isSignedOut?: boolean
}

const NARROW = { width: 360, height: 740 }

const service = await startUiService(t)
const empty = await startUiService(t)
const browser = await launchBrowser(t)
for (const [runId, events] of [...smallRuns(), ['release-420', failedRun()] as const, ['train-churn-18', trainingRun()] as const]) {
  if (TAKES_PICTURES) await publishSlowly(runId, events)
  else await service.publish(runId, events)
}

const results = (page: Page) => page.getByRole('tab', { name: /^Results/ })

async function showSteps (page: Page): Promise<void> {
  await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
  if (await results(page).count() > 0) await page.getByRole('tab', { name: /^Steps/ }).click()
  await page.getByRole('list', { name: 'Steps' }).getByText('invoices').waitFor()
}

const SIGHTS: readonly Sight[] = [
  { name: 'sign-in', path: '/login', isSignedOut: true, isPictured: true, ready: (page) => page.getByRole('button', { name: 'Sign in' }).waitFor() },
  { name: 'runs', path: '/', isPictured: true, ready: (page) => page.getByRole('row', { name: /deploy-staging/ }).waitFor() },
  { name: 'no-match', path: '/?q=nowhere', ready: (page) => page.getByText('No run matches.').waitFor() },
  {
    name: 'shortcuts',
    path: '/',
    ready: async (page) => {
      await page.getByRole('row', { name: /deploy-staging/ }).waitFor()
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
      await page.getByRole('dialog').getByText('Search runs').waitFor()
    }
  },
  {
    name: 'run',
    path: '/runs/train-churn-18',
    isPictured: true,
    ready: async (page) => {
      await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
      await runPage(page).log.getByText('The learning rate is lowered').waitFor()
      if (await results(page).count() === 0) await page.getByRole('region', { name: 'Results' }).locator('canvas').waitFor()
    }
  },
  {
    name: 'failed-run',
    path: '/runs/release-420',
    isPictured: true,
    ready: async (page) => {
      await runPage(page).seen('not ok 41 - the invoice has the tax of its country')
      if (await results(page).count() === 0) await page.getByRole('cell', { name: 'invoices' }).waitFor()
    }
  },
  { name: 'run-steps', path: '/runs/train-churn-18', ready: showSteps },
  {
    name: 'run-results',
    path: '/runs/train-churn-18',
    ready: async (page) => {
      await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
      if (await results(page).count() > 0) await results(page).click()
      await page.locator('canvas').waitFor()
      await page.getByText('Table', { exact: true }).click()
      await page.getByRole('table').waitFor()
    }
  },
  {
    name: 'run-changes',
    path: '/runs/tune-ranking-3',
    ready: async (page) => {
      await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
      if (await results(page).count() > 0) await results(page).click()
      await page.getByText('Changes', { exact: true }).click()
      await page.getByRole('region', { name: 'Changes' }).waitFor()
      await page.getByText('Tree', { exact: true }).click()
      await page.getByRole('tree').waitFor()
    }
  },
  {
    name: 'run-search',
    path: '/runs/train-churn-18',
    ready: async (page) => {
      await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
      await page.keyboard.press('/')
      await page.keyboard.type('epoch')
      await page.keyboard.press('Enter')
      await page.getByRole('search').getByText(/ of 26$/).waitFor()
      await page.getByRole('log').focus()
      await page.keyboard.press('j')
      await page.getByRole('region', { name: 'Marked line' }).waitFor()
    }
  },
  {
    name: 'replay',
    path: '/runs/release-420',
    ready: async (page) => {
      await page.getByRole('button', { name: 'Replay', exact: true }).click()
      await page.getByRole('slider').press('End')
      await page.getByRole('button', { name: 'Play', exact: true }).waitFor()
    }
  },
  {
    name: 'account',
    path: '/',
    ready: async (page) => {
      await page.getByRole('button', { name: /^Account/ }).click()
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
    }
  },
  { name: 'waiting-run', path: '/runs/not-yet', ready: (page) => page.getByText('Waiting for this run to begin').waitFor() },
  { name: 'not-found', path: '/nowhere', ready: (page) => page.getByRole('heading', { name: 'There is nothing here' }).waitFor() }
]

const EMPTY: Sight = { name: 'first-run', path: '/', isPictured: true, ready: (page) => page.getByRole('heading', { name: 'Start a first run' }).waitFor() }

/** Checks pages of one service in one window, one after the other. */
async function lookAt (t: Test, { url, signIn }: UiService, sights: readonly Sight[], scheme: 'light' | 'dark', viewport: typeof PICTURED): Promise<void> {
  const { page, foreign } = await openPage(browser, url, { colorScheme: scheme, viewport })
  for (const sight of sights) {
    if (sight.isSignedOut !== true) await signIn(page)
    await page.goto(sight.path)
    await sight.ready(page)
    t.same(await violations(page), [], `${sight.name} at ${viewport.width}`)
    const width: number = await page.evaluate('document.documentElement.scrollWidth')
    t.ok(width <= viewport.width, `${sight.name} is ${width} pixels wide at ${viewport.width}`)
    if (viewport === PICTURED && sight.isPictured === true) await takePicture(page, `${sight.name}-${scheme}`)
  }
  t.same(foreign, [])
  await page.context().close()
}

for (const scheme of ['light', 'dark'] as const) {
  for (const viewport of [PICTURED, NARROW]) {
    // Colours do not depend on the width.
    if (scheme === 'dark' && viewport === NARROW) continue
    t.test(`every page is accessible in the ${scheme} scheme, and no wider than a window of ${viewport.width} pixels`, async (t) => {
      await lookAt(t, service, SIGHTS, scheme, viewport)
      await lookAt(t, empty, [EMPTY], scheme, viewport)
    })
  }
}

/** Publishes with pauses, so that the picture of the run shows a running time. */
async function publishSlowly (runId: string, events: readonly PublishedEvent[]): Promise<void> {
  for (const event of events) {
    await service.publish(runId, [event])
    await delay(150)
  }
}
