import { join } from 'node:path'
import { context } from 'esbuild'
import t, { type Test } from 'tap'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { logEvent, resultEvent, startUiService, statusEvent } from '../helpers/pages/ui-service.ts'
import { CLONE } from '../helpers/service/runcast-command.ts'

const EXAMPLES = join(CLONE, 'examples')

/** Serves the examples as their headers say, the React page bundled. @returns the origin */
async function serveExamples (t: Test): Promise<string> {
  const pages = await context({
    entryPoints: [join(EXAMPLES, 'react-page/page.jsx')],
    outdir: join(EXAMPLES, 'react-page'),
    bundle: true,
    format: 'esm',
    jsx: 'automatic',
    write: false
  })
  t.teardown(() => pages.dispose())
  const { port } = await pages.serve({ host: '127.0.0.1', port: 0, servedir: EXAMPLES })
  return `http://127.0.0.1:${port}`
}

const pages = await serveExamples(t)
const service = await startUiService(t, { CORS_ORIGINS: pages })
const browser = await launchBrowser(t)

/** Opens an example, signed in, while its run begins. */
async function openExample (path: string, runId: string) {
  const { page, faults } = await openPage(browser, pages)
  await service.signIn(page)
  await service.publish(runId, [statusEvent('running'), logEvent('the first line')])
  await page.goto(`${path}?${new URLSearchParams({ service: service.url, run: runId })}`)
  return { page, faults }
}

t.test('the page with EventSource shows a run as it goes, across a lost connection, until its end', async (t) => {
  const { page, faults } = await openExample('/event-source.html', 'plain')
  await page.getByRole('heading', { name: 'running' }).waitFor()
  await page.getByText('the first line').waitFor()
  await service.kill()
  await service.start()
  await service.publish('plain', [statusEvent('running', { step: 'build' }), resultEvent({ tests: 3 }, 'application/json'), statusEvent('succeeded')])
  await page.getByText('The run succeeded with 5 events.').waitFor()
  t.equal(await page.getByRole('heading').textContent(), 'succeeded')
  t.equal(await page.locator('pre').textContent(), 'the first line\nbuild: running\n{"tests":3}\nThe run succeeded with 5 events.\n')
  t.ok(faults.every((fault) => fault.includes('ERR_')), `lost connections and nothing else: ${faults.join()}`)
})

t.test('the React page shows a run as it goes, until its end', async (t) => {
  const { page, faults } = await openExample('/react-page/index.html', 'react')
  await page.getByRole('heading', { name: 'running' }).waitFor()
  await page.getByText('live, 2 events').waitFor()
  await service.publish('react', [logEvent('the second line'), statusEvent('succeeded')])
  await page.getByText('ended, 4 events').waitFor()
  t.equal(await page.getByRole('heading').textContent(), 'succeeded')
  t.same(await page.getByRole('listitem').allTextContents(), ['the first line', 'the second line'])
  t.same(faults, [])
})
