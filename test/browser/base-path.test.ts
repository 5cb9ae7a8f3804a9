import t from 'tap'
import { startReplica } from '../faults/support/replica.ts'
import { startNginxWith } from '../helpers/http/gateways.ts'
import { launchBrowser, openPage } from '../helpers/pages/browser.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'

const browser = await launchBrowser(t)

/** Each way in which nginx may show the service below /runcast: the settings of the service, and the lines of nginx. */
const WAYS = [
  { name: 'takes the path off, with BASE_PATH', settings: { BASE_PATH: '/runcast' }, path: '/', header: '' },
  { name: 'passes the path on, with BASE_PATH', settings: { BASE_PATH: '/runcast' }, path: '', header: '' },
  { name: 'takes the path off and says so in X-Forwarded-Prefix', settings: {}, path: '/', header: 'proxy_set_header X-Forwarded-Prefix /runcast;' }
]

for (const { name, settings, path, header } of WAYS) {
  t.test(`behind a path of a shared host, nginx ${name}: pages, sign-in, streams, downloads and documentation work`, async (t) => {
    const service = await startReplica(t, { DATA_DIR: await temporaryDirectory(t), TRUST_PROXY: '127.0.0.1', ...settings })
    const gateway = await startNginxWith(t, (port) => `
      server {
        listen 127.0.0.1:${port};
        location / { default_type text/html; return 404 "another application"; }
        location /runcast/ {
          proxy_pass http://127.0.0.1:${service.port}${path};
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          ${header}
        }
      }`)
    const publish = (message: string) => fetch(`${gateway.url}/runcast/api/v1/workflow-runs/build-1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ event_type: 'log', payload: { message } })
    })
    t.equal((await publish('the first line')).status, 201)

    const { page, faults } = await openPage(browser, gateway.url)
    const astray: string[] = []
    page.on('request', (request) => { if (!request.url().startsWith(`${gateway.url}/runcast/`)) astray.push(request.url()) })
    await page.goto('/runcast/')
    await page.waitForURL('**/runcast/login')
    // Chromium reports the answer to the question for a session as a fault.
    faults.length = 0
    await page.getByLabel('Token').first().fill(token())
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'build-1' }).click()
    await page.waitForURL('**/runcast/runs/build-1')
    await page.getByRole('log').getByText('the first line').waitFor()
    t.equal((await publish('a line that comes live')).status, 201)
    await page.getByRole('log').getByText('a line that comes live').waitFor()

    const address = await page.locator('a[href$="/log"]').first().getAttribute('href')
    t.equal(address, '/runcast/api/v1/workflow-runs/build-1/log')
    t.match(await (await page.request.get(`${gateway.url}${address}`)).text(), 'the first line')
    await page.reload()
    await page.getByRole('log').getByText('a line that comes live').waitFor()
    await page.getByRole('link', { name: 'Workflows' }).click()
    await page.waitForURL('**/runcast/workflows')

    await page.goto('/runcast/documentation')
    await page.waitForURL('**/runcast/documentation/')
    await page.getByText('Publish events of a run').waitFor()
    t.equal(await page.locator('.servers select').inputValue(), '/runcast')
    const [cookie, ...more] = await page.context().cookies()
    t.match(cookie, { name: `runcast_${gateway.port}`, path: '/runcast' })
    t.same(more, [])
    t.same(astray, [])
    t.same(faults, [])
  })
}
