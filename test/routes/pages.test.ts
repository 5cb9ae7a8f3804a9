import t from 'tap'
import { buildApp } from '../helpers/app.ts'
import { ask } from '../helpers/http.ts'

t.test('the pages need no credentials and run nothing but the service\'s own scripts', async (t) => {
  const { url } = await buildApp(t)
  for (const path of ['/', '/login']) {
    const { status, headers, body } = await ask(url + path)
    t.equal(status, 200, path)
    t.equal(headers['content-type'], 'text/html; charset=utf-8')
    const policy = new Map(String(headers['content-security-policy']).split(';').map((directive) => {
      const [name = '', ...values] = directive.trim().split(' ')
      return [name, values]
    }))
    for (const name of ['default-src', 'script-src', 'style-src']) t.strictSame(policy.get(name), ["'self'"], `${path} ${name}`)
    t.strictSame(policy.get('object-src'), ["'none'"])
    t.strictSame(policy.get('frame-ancestors'), ["'none'"])
    t.equal(headers['referrer-policy'], 'no-referrer')
    t.notMatch(body, /<script(?![^>]* src=)|<style| style=| on[a-z]+=/, 'nothing in line')
    for (const [, asset] of body.matchAll(/(?:src|href)="(\/login\/[^"]+)"/g)) t.equal((await ask(url + asset)).status, 200, String(asset))
  }
})

t.test('the first page tells how to start a run and where the interface is described', async (t) => {
  const { url } = await buildApp(t)
  const { body } = await ask(`${url}/`)
  t.match(body, 'npx runcast exec -- npm test')
  t.match(body, 'href="/documentation"')
  t.match(body, 'href="/login"')
})

t.test('no other file is served', async (t) => {
  const { url } = await buildApp(t)
  for (const path of ['/login/login.html', '/login/../package.json', '/login/%2e%2e/package.json', '/home.html', '/pages/login.js', '/login.js']) {
    t.equal((await ask(url + path)).status, 404, path)
  }
})
