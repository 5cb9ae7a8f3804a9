import type { Locator, Page } from 'playwright-core'
import { waitUntil } from '../wait-until.ts'

/** The parts of a run's page as a person sees them. */
export interface RunPage {
  readonly page: Page
  readonly log: Locator
  /** The indicator of the connection, with the result of the last reconnect. */
  readonly connection: Locator
  /** Resolves when a text is in view in the log. */
  seen (text: string): Promise<void>
  /** All lines that the page holds, as its own button copies them. */
  copied (): Promise<string[]>
}

/** Looks at the page of a run. */
export function runPage (page: Page): RunPage {
  const log = page.getByRole('log', { name: 'Log' })
  return {
    page,
    log,
    connection: page.getByRole('banner').or(page.getByRole('article')).getByRole('status').filter({ hasText: /^(Connecting|Waiting|Live|Reconnecting|Stale|Ended|No access)/ }).first(),
    seen: (text) => waitUntil(`“${text}” is in view`, () => isInView(log, text), 30_000),
    copied: async () => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
      await page.getByRole('button', { name: 'Copy what is shown' }).click()
      const text: string = await page.evaluate('navigator.clipboard.readText()')
      return text.split('\n')
    }
  }
}

/** Opens the page of a run, at a service where the page is signed in. */
export async function openRun (page: Page, runId: string): Promise<RunPage> {
  await page.goto(`/runs/${runId}`)
  return runPage(page)
}

/** Tells if a line with this text is between the upper and the lower edge of the log. */
async function isInView (log: Locator, text: string): Promise<boolean> {
  const [outer, inner] = await Promise.all([log.boundingBox(), boxOf(log.getByText(text, { exact: true }).first())])
  return outer !== null && inner !== null && inner.y >= outer.y - 1 && inner.y + inner.height <= outer.y + outer.height + 1
}

/** The place of an element; null when it is not there, or went in the meantime. */
async function boxOf (locator: Locator) {
  return await locator.count() === 0 ? null : locator.boundingBox({ timeout: 1_000 }).catch(() => null)
}
