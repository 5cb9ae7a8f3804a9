import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'
import type { Test } from 'tap'

const CHROMIUM = '/usr/bin/chromium'

// The browser calls no other host, and needs no privileges.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

/** Starts the system's Chromium. It ends with the test. */
export async function launchBrowser (t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS })
  t.teardown(() => browser.close())
  return browser
}

/** A page and its faults. */
export interface WatchedPage {
  readonly page: Page
  /** Errors of scripts and of the console. Refusals by the content security policy are among them. */
  readonly faults: string[]
  /** The addresses that were asked for at other origins than the page's first. */
  readonly foreign: string[]
}

/**
 * Opens a page with a session of its own.
 *
 * @param origin the service's; requests to other origins are noted in `foreign`
 */
export async function openPage (browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options })
  return openTab(context, origin)
}

/** Opens another page with the session of a context. @param origin as of `openPage` */
export async function openTab (context: BrowserContext, origin: string): Promise<WatchedPage> {
  const page = await context.newPage()
  const faults: string[] = []
  const foreign: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`${message.text()} ${message.location().url}`) })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol.startsWith('http') && url.origin !== origin) foreign.push(request.url())
  })
  return { page, faults, foreign }
}

/** Lets a page be in view or out of it; without a screen every page counts as in view. */
export function setView (page: Page, state: 'visible' | 'hidden'): Promise<void> {
  return page.evaluate((state) => {
    const { document } = Object(globalThis)
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: state })
    document.dispatchEvent(new Event('visibilitychange'))
  }, state)
}

/**
 * Looks for barriers in the page, by the rules of WCAG 2.2 A and AA.
 *
 * @returns a sentence for each violation, with the elements that have it
 */
export async function violations (page: Page): Promise<string[]> {
  // The debugger evaluates the script, since the page's own policy lets no foreign script in.
  await page.evaluate(await readFile(AXE, 'utf8'))
  const found: Violation[] = await page.evaluate(async () => {
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    return (await Reflect.get(globalThis, 'axe').run({ runOnly: rules })).violations
  })
  return found.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join('\n')}`)
}

interface Violation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string, readonly failureSummary: string }[]
}
