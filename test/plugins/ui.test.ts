import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { ask, type Answer } from '../helpers/http/http.ts'
import { buildApp, temporaryDirectory, type App } from '../helpers/service/app.ts'

const HTML = '<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><style nonce="__CSP_NONCE__"></style><script type="module" src="/assets/index-1a2b.js"></script>'
const SCRIPT = 'console.log("hello")'

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

/** Starts the service with a small build of the user interface. */
async function start (t: Test): Promise<App> {
  const uiDirectory = await temporaryDirectory(t)
  await mkdir(join(uiDirectory, 'assets'))
  await mkdir(join(uiDirectory, '.vite'))
  await Promise.all([
    writeFile(join(uiDirectory, 'index.html'), HTML),
    writeFile(join(uiDirectory, 'manifest.webmanifest'), '{}'),
    writeFile(join(uiDirectory, '.vite/manifest.json'), '{}'),
    writeFile(join(uiDirectory, 'assets/index-1a2b.js'), SCRIPT),
    writeFile(join(uiDirectory, 'assets/index-1a2b.js.gz'), gzipSync(SCRIPT)),
    writeFile(join(uiDirectory, 'assets/index-3c4d.css'), 'body{}')
  ])
  return await buildApp(t, {}, { uiDirectory })
}

function nonceOf ({ body }: Answer): string {
  return /content="([A-Za-z0-9+/=]{24})"/.exec(body)?.[1] ?? ''
}

t.test('each answer with the page has a policy and a nonce of its own, and no cache keeps it', async (t) => {
  const { url } = await start(t)
  const nonces = new Set<string>()
  for (const path of ['/', '/login', '/runs/build-1', '/runs/build-1?step=compile', '/']) {
    const answer = await ask(url + path, { headers: BROWSER })
    const nonce = nonceOf(answer)
    t.equal(answer.status, 200, path)
    t.equal(answer.body, HTML.replaceAll('__CSP_NONCE__', nonce))
    t.equal(answer.headers['content-security-policy'], "default-src 'none';script-src 'self';" +
      `style-src 'self' 'nonce-${nonce}';img-src 'self' data: blob:;connect-src 'self';font-src 'self';worker-src 'self';` +
      "manifest-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none'")
    t.match(answer.headers, {
      'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff'
    })
    nonces.add(nonce)
  }
  t.equal(nonces.size, 5)
  const head = await ask(url, { method: 'HEAD' })
  t.match(head, { status: 200, body: '' })
})

t.test('files named after their content are kept for a year, others are asked for again', async (t) => {
  const { url } = await start(t)
  const script = await ask(`${url}/assets/index-1a2b.js`)
  t.match(script, { status: 200, body: SCRIPT, headers: { 'cache-control': 'public, max-age=31536000, immutable', 'content-type': /javascript/, vary: /accept-encoding/i } })
  const compressed = await fetch(`${url}/assets/index-1a2b.js`, { headers: { 'accept-encoding': 'gzip' } })
  t.equal(compressed.headers.get('content-encoding'), 'gzip')
  t.equal(compressed.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  t.equal(await compressed.text(), SCRIPT)
  t.match(await ask(`${url}/assets/index-3c4d.css`, { headers: { 'accept-encoding': 'gzip, br' } }), { status: 200, body: 'body{}' })
  const manifest = await ask(`${url}/manifest.webmanifest`)
  t.match(manifest, { status: 200, headers: { 'cache-control': 'no-cache' } })
  t.equal((await ask(`${url}/manifest.webmanifest`, { headers: { 'if-none-match': String(manifest.headers.etag) } })).status, 304)
})

t.test('a wrong link gives people the page and programs a problem, and no other file is served', async (t) => {
  const { url } = await start(t)
  t.match(await ask(`${url}/nowhere/at-all`, { headers: BROWSER }), { status: 404, headers: { 'content-type': 'text/html; charset=utf-8' }, body: /csp-nonce/ })
  const paths = [
    '/nowhere', '/index.html', '/assets', '/assets/', '/assets/index-1a2b.js.gz', '/assets/gone-5e6f.js', '/.vite/manifest.json',
    '/assets/../package.json', '/assets/%2e%2e/package.json', '/assets/..%2f..%2fpackage.json', '/runs', '/runs/a/b', '/login/page.css'
  ]
  for (const path of paths) t.match(await ask(url + path), { status: 404, headers: { 'content-type': /^application\/problem\+json/ } }, path)
  for (const path of ['/api', '/api?x=1', '/api/', '/api/v1/nowhere', '/api/v1/workflow-runs/a/b/c']) {
    const { status, headers, body } = await ask(url + path, { headers: BROWSER })
    t.equal(status, 404, path)
    t.notMatch(`${headers['content-type']} ${body}`, /html/, `${path} is never the page`)
  }
  t.equal((await ask(`${url}/documentation/json`)).status, 200)
})

t.test('where the user interface is not built its addresses say so, and all else works', async (t) => {
  const app = await buildApp(t, {}, { uiDirectory: join(await temporaryDirectory(t), 'nothing') })
  for (const path of ['/', '/login', '/runs/a']) {
    const { status, body } = await ask(app.url + path, { headers: BROWSER })
    t.equal(status, 404)
    t.match(JSON.parse(body), { code: 'ui_not_built', detail: /npm run build/ })
  }
  t.match(app.log(), 'the user interface is not built')
  t.equal((await app.call('/api/v1/workflow-runs')).status, 200)
})
