import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchBrowser, openPage, violations } from '../helpers/pages/browser.ts'
import { PICTURED, takePicture } from '../helpers/pages/pictures.ts'
import { runPage } from '../helpers/pages/run-page.ts'
import { startUiService } from '../helpers/pages/ui-service.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { CLONE } from '../helpers/service/runcast-command.ts'
import { deploy, jq, NAMED, workflow } from '../helpers/service/workflow-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const browser = await launchBrowser(t)

/** Starts the service with definitions, and opens a page with a session. */
async function start (t: Test, files: Readonly<Record<string, object | string>>, settings: Readonly<Record<string, string>> = {}) {
  const workflows = await temporaryDirectory(t)
  await deploy(workflows, files)
  const service = await startUiService(t, { WORKFLOWS_DIR: workflows, ...settings })
  const { page, faults, foreign } = await openPage(browser, service.url)
  await service.signIn(page)
  return { workflows, service, page, faults, foreign }
}

const header = (page: Page) => page.getByRole('article')

async function showFlow (page: Page): Promise<void> {
  const steps = page.getByRole('tab', { name: /^Steps/ })
  const flow = page.getByText('Flow', { exact: true })
  await steps.or(flow).first().waitFor()
  if (await steps.count() > 0) await steps.click()
  await flow.click()
}

t.test('the first run is one click away, and its flow is coloured as it goes', async (t) => {
  const gate = join(await temporaryDirectory(t), 'open')
  const steps = [
    { begin: { set: { begun: true } } },
    { gate: { run: { shell: { command: 'sh', arguments: ['-c', 'until [ -e "$1" ]; do sleep 0.1; done', 'sh', gate] } } } },
    { finish: { set: { finished: true } } }
  ]
  const { page, faults, foreign } = await start(t, { 'first.json': workflow('first', steps), 'named.json': workflow('named', steps, NAMED) })
  await page.goto('/')
  await page.getByRole('heading', { name: 'Start a first run' }).waitFor()
  t.equal(await page.getByRole('button', { name: 'The named' }).count(), 0, 'what needs input is not offered')
  await page.getByRole('button', { name: 'The first' }).click()
  await page.waitForURL(/\/runs\/.+/)
  await runPage(page).connection.filter({ hasText: 'Live' }).waitFor()
  await showFlow(page)
  await page.getByLabel('begin: Succeeded').waitFor()
  await page.getByLabel('gate: Running').waitFor()
  t.equal(await page.getByLabel(/^finish: /).count(), 0)
  await page.getByLabel('begin: Succeeded').focus()
  await page.keyboard.press('Enter')
  await waitUntil('its lines alone are shown', async () => await page.getByLabel('Step', { exact: true }).inputValue() === '/do/0/begin')
  await page.getByLabel('begin: Succeeded').click()
  await waitUntil('all lines are shown', async () => await page.getByLabel('Step', { exact: true }).inputValue() === '')
  await writeFile(gate, '')
  await page.getByLabel('finish: Succeeded').waitFor()
  await page.getByLabel('gate: Succeeded').waitFor()
  await runPage(page).connection.filter({ hasText: 'Ended' }).waitFor()
  t.same([faults, foreign], [[], []])
})

t.test('what the service does not let workflows do is told before they are started', async (t) => {
  const files = { 'lists.json': workflow('lists', [{ list: { run: { shell: { command: 'ls' } } } }]), 'plain.json': workflow('plain', [{ make: { set: { a: 1 } } }]) }
  const { page, faults } = await start(t, files, { ENGINE_ALLOW_PROCESSES: 'false' })
  await page.goto('/')
  await page.getByRole('button', { name: 'The plain' }).waitFor()
  t.equal(await page.getByRole('button', { name: 'The lists' }).count(), 0)
  await page.getByRole('link', { name: 'All workflows' }).click()
  await page.getByRole('link', { name: /The lists/ }).click()
  await page.getByText('ENGINE_ALLOW_PROCESSES').waitFor()
  t.same(await violations(page), [])
  t.same(faults, [])
})

t.test('what is wrong with an input is told at its field, by the page and by the service', async (t) => {
  const { page, workflows, service } = await start(t, { 'named.json': workflow('named', [{ greet: { set: { text: jq('"Hello " + .name') } } }], NAMED), 'broken.yaml': 'do: [' })
  await page.goto('/workflows')
  await page.getByText('Definitions that were refused').waitFor()
  await page.getByText('broken.yaml').waitFor()
  await page.getByRole('link', { name: /The named/ }).click()
  await page.getByRole('textbox', { name: /name/ }).waitFor()
  await page.getByRole('button', { name: 'Start a run' }).click()
  await page.getByText('This is needed.').waitFor()
  await page.getByRole('textbox', { name: /name/ }).fill('Ada')

  const stricter = { input: { schema: { format: 'json', document: { type: 'object', properties: { name: { type: 'string', maxLength: 2 } } } } } }
  await deploy(workflows, { 'named.json': workflow('named', [{ greet: { set: { text: jq('"Hello " + .name') } } }], stricter) })
  const bearer = { authorization: `Bearer ${await service.tokenFor()}` }
  await waitUntil('the stricter schema is in force', async () => (await (await fetch(`${service.url}/api/v1/workflows/named`, { headers: bearer })).text()).includes('"maxLength":2'))
  await page.getByRole('button', { name: 'Start a run' }).click()
  const field = page.getByRole('textbox', { name: /name/, description: /2 characters/ })
  await field.waitFor()
  await page.getByRole('alert').filter({ hasText: 'The input does not match' }).waitFor()
  await field.fill('Al')
  await page.getByRole('button', { name: 'Start a run' }).click()
  await page.waitForURL(/\/runs\/.+/)
  await runPage(page).connection.filter({ hasText: 'Ended' }).waitFor()
  await page.getByText('Hello Al').first().waitFor()
})

t.test('a run is cancelled, and repeated as a new one', async (t) => {
  const { page } = await start(t, { 'patient.json': workflow('patient', [{ first: { set: { a: 1 } } }, { rest: { wait: 'PT1H' } }]) })
  await page.goto('/workflows/patient')
  await page.getByRole('button', { name: 'Start a run' }).click()
  await page.waitForURL(/\/runs\/.+/)
  const cancelled = page.url()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await runPage(page).connection.filter({ hasText: 'Ended' }).waitFor()
  await header(page).getByText('Cancelled').first().waitFor()
  await page.getByRole('button', { name: 'Retry' }).click()
  await page.waitForURL((url) => url.href !== cancelled && url.pathname.startsWith('/runs/'))
  await page.getByRole('link', { name: /^Retry of/ }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await runPage(page).connection.filter({ hasText: 'Ended' }).waitFor()
})

t.test('who may not start runs is told so, and is offered no buttons', async (t) => {
  const { page, service } = await start(t, { 'first.json': workflow('first', [{ begin: { set: { begun: true } } }]) })
  await service.signIn(page, { scope: 'runs:read' })
  await page.goto('/workflows/first')
  await page.getByText('lacks the scope workflows:run').waitFor()
  t.equal(await page.getByRole('button', { name: 'Start a run' }).isEnabled(), false)
  await page.goto('/')
  await page.getByRole('heading', { name: 'Start a first run' }).waitFor()
  t.equal(await page.getByRole('button', { name: 'The first' }).count(), 0)
})

t.test('progress and log messages of an MCP tool arrive while it runs', async (t) => {
  const directory = await temporaryDirectory(t)
  const files = join(directory, 'files')
  await mkdir(files)
  await writeFile(join(files, 'note.txt'), 'a note from a file')
  const packages = join(CLONE, 'node_modules/@modelcontextprotocol')
  const call = (args: readonly string[], name: string, parameters: object) => ({
    call: 'mcp', with: { method: 'tools/call', parameters: { name, arguments: parameters }, transport: { stdio: { command: process.execPath, arguments: args } } }
  })
  const { page } = await start(t, {
    'tools.json': workflow('tools', [
      { read: call([join(packages, 'server-filesystem/dist/index.js'), files], 'read_text_file', { path: join(files, 'note.txt') }) },
      { work: call([join(CLONE, 'test/helpers/service/working-mcp-server.js'), directory], 'work', {}) },
      { long: call([join(packages, 'server-everything/dist/index.js'), 'stdio'], 'trigger-long-running-operation', { duration: 600, steps: 1_200 }) }
    ], {}, '1.0.3')
  })
  await page.goto('/workflows/tools')
  await page.getByRole('button', { name: 'Start a run' }).click()
  await page.waitForURL(/\/runs\/.+/)
  const { log, connection } = runPage(page)
  await log.getByText('halfway there').first().waitFor()
  t.notOk(existsSync(join(directory, 'over')), 'the tool is still at work')
  await page.getByText('a note from a file').first().waitFor()
  await showProgress(page, 'work')
  await writeFile(join(directory, 'go'), '')
  await waitUntil('the tool is done', async () => (await readdir(directory)).includes('over'))
  await showProgress(page, 'long')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await connection.filter({ hasText: 'Ended' }).waitFor()
})

t.test('the pages of workflows have nothing that keeps people from using them', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [PICTURED, { width: 360, height: 740 }]) {
      const service = await startUiService(t, { WORKFLOWS_DIR: join(CLONE, 'workflows') })
      const { page, faults } = await openPage(browser, service.url, { colorScheme, viewport })
      await service.signIn(page)
      const look = async (name: string) => {
        t.same(await violations(page), [], `${name}, ${colorScheme}, ${viewport.width}`)
        t.ok(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth'), `${name} is not wider than the window`)
      }
      await page.goto('/workflows')
      await page.getByRole('link', { name: /Order/ }).waitFor()
      await look('the list')
      await page.getByRole('link', { name: /Order/ }).click()
      await page.getByLabel('Flow', { exact: true }).getByText('prepare', { exact: true }).first().waitFor()
      await look('a workflow')
      if (viewport === PICTURED) await takePicture(page, `workflow-${colorScheme}`)
      await page.getByRole('button', { name: 'Start a run' }).click()
      await page.waitForURL(/\/runs\/.+/)
      await showFlow(page)
      await page.getByLabel(/^price: Succeeded/).waitFor()
      await look('a run of it')
      if (viewport === PICTURED) await takePicture(page, `workflow-run-${colorScheme}`)
      t.same(faults, [])
    }
  }
})

/** Resolves when the page shows the progress of a step. */
async function showProgress (page: Page, step: string): Promise<void> {
  const results = page.getByRole('tab', { name: /^Results/ })
  if (await results.count() > 0) await results.click()
  const progress = page.getByRole('region', { name: 'Results' }).locator('section, article, li, div').filter({ hasText: step }).filter({ hasText: 'progress' })
  await progress.first().waitFor()
}
