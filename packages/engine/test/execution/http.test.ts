import type { ServerResponse } from 'node:http'
import { test } from 'tap'
import { ends, logLines, startEngine, workflow } from '../support/engine.ts'
import { freePort, json, startHttpServer, type Arrival } from '../support/http-server.ts'
import { waitUntil } from '../support/wait-until.ts'

function answer ({ method, url, headers, body }: Arrival, response: ServerResponse): void {
  const [path = ''] = url.split('?')
  if (path === '/echo') json(response, { method, url, headers, body })
  else if (path === '/text') response.writeHead(200, { 'content-type': 'text/plain' }).end('plain')
  else if (path === '/bytes') response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([1, 2, 3]))
  else if (path === '/nothing') response.writeHead(204).end()
  else if (path === '/garbage') response.writeHead(200, { 'content-type': 'application/json' }).end('{')
  else if (path === '/large') json(response, 'x'.repeat(2_000_000))
  else if (path === '/redirect') response.writeHead(302, { location: '/echo' }).end()
  else if (path === '/away') response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end()
  else if (path === '/cut') response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy())
  else if (path === '/told') response.writeHead(500, { 'content-type': 'text/plain' }).end(`${'x'.repeat(990)} ${String(headers.authorization)}`)
  else if (path !== '/never') json(response, { message: 'not here' }, 404)
}

test('HTTP calls', async (t) => {
  const server = await startHttpServer(t, answer)
  const { run, engine, start, ended } = await startEngine(t, { allowedHosts: [`127.0.0.1:${server.port}`, 'localhost'], environment: { LOGIN: '{"username":"ada","password":"love"}', TOKEN: 'tok-123456' } })
  const call = (args: string, more = '') => workflow(`- call: { call: http, with: { ${args} }${more} }`)

  await t.test('send what the definition says', async (t) => {
    const { output } = await run(call(`method: post, endpoint: '${server.url}/echo?of={kind}', query: { page: 2, tag: [ a, b ] }, headers: { x-given: '\${ .kind }' }, body: { of: '\${ .kind }' }`), { kind: 'cat & dog' })
    t.match(output, { method: 'POST', url: '/echo?of=cat+%26+dog&page=2&tag=a&tag=b', headers: { 'x-given': 'cat & dog', 'content-type': 'application/json' }, body: '{"of":"cat & dog"}' })
  })

  await t.test('send texts and forms as such', async (t) => {
    const text = await run(call(`method: put, endpoint: '${server.url}/echo', body: 'just text'`))
    t.match(text.output, { method: 'PUT', body: 'just text', headers: { 'content-type': /^text\/plain/ } })
    const form = await run(call(`method: post, endpoint: '${server.url}/echo', headers: { Content-Type: application/x-www-form-urlencoded }, body: { a: 1, b: x y }`))
    t.match(form.output, { body: 'a=1&b=x+y' })
  })

  await t.test('give the content by its type', async (t) => {
    for (const [path, output] of Object.entries({ text: 'plain', bytes: 'AQID', nothing: null })) {
      t.equal((await run(call(`method: get, endpoint: '${server.url}/${path}'`))).output, output, path)
    }
    t.equal((await run(call(`method: get, endpoint: '${server.url}/text', output: raw`))).output, Buffer.from('plain').toString('base64'))
  })

  await t.test('give the whole response when asked', async (t) => {
    const { output } = await run(call('method: get, endpoint: { uri: \'${ .at + "/text" }\' }, output: response'), { at: server.url })
    t.match(output, { request: { method: 'get', uri: `${server.url}/text` }, statusCode: 200, headers: { 'content-type': 'text/plain' }, content: 'plain' })
  })

  await t.test('authenticate, in place, by name and by secret', async (t) => {
    const basic = `Basic ${Buffer.from('ada:love').toString('base64')}`
    const cases = {
      'basic: { username: \'${ .name }\', password: love }': basic,
      'use: named': 'Bearer of-name',
      'basic: { use: LOGIN }': '***',
      'bearer: { use: TOKEN }': 'Bearer ***',
      'bearer: { token: \'${ $secrets.TOKEN }\' }': 'Bearer ***'
    }
    for (const [authentication, shown] of Object.entries(cases)) {
      const { output } = await run(workflow(`
        use: { secrets: [ LOGIN, TOKEN ], authentications: { named: { bearer: { token: of-name } } } }
        do: [ { call: { call: http, with: { method: get, endpoint: { uri: '${server.url}/echo', authentication: { ${authentication} } } } } } ]`), { name: 'ada' })
      if (shown !== '***' && shown !== basic) t.match(output, { headers: { authorization: shown } })
      t.match(server.arrivals.at(-1)?.headers.authorization, authentication.includes('basic') ? basic : /^Bearer (of-name|tok-123456)$/)
    }
  })

  await t.test('give the authorization to `output` and `export`', async (t) => {
    const { output, events } = await run(workflow(`- call: { call: http, with: { method: get, endpoint: { uri: '${server.url}/echo', authentication: { bearer: { token: shown } } } }, output: { as: '{ scheme: $authorization.scheme }' }, export: { as: '$authorization' } }\n- exported: { set: { all: '\${ $context.parameter }' } }`))
    t.same(output, { all: 'shown' })
    t.match(events.find(({ type, data }) => type === 'result_preview' && data['step'] === '/do/0/call')?.data, { content: { scheme: 'Bearer' } })
  })

  await t.test('take data neither for expressions nor for the right to use a secret', async (t) => {
    const find = (endpoint: string) => workflow(`
      use: { secrets: [ TOKEN ] }
      do: [ { call: { call: http, with: { method: get, endpoint: '${endpoint}' } } } ]`)
    const before = server.arrivals.length
    const uri = `\${ "${server.url}/echo?token=\\($secrets.TOKEN)" }`
    for (const where of [uri, { uri }, { uri: `${server.url}/echo`, authentication: { bearer: { use: 'TOKEN' } } }]) {
      t.match((await run(find('${ .where }'), { where })).error, { type: /errors\/configuration$/ }, JSON.stringify(where))
    }
    t.equal(server.arrivals.length, before)
    t.equal((await run(find('${ .where }'), { where: { uri: `${server.url}/text?{name}`, more: 1 } })).output, 'plain')
    t.equal(server.arrivals.at(-1)?.url, '/text?{name}')
  })

  await t.test('fail with no part of a secret at the end of a cut answer', async (t) => {
    const { error, events } = await run(workflow(`
      use: { secrets: [ TOKEN ] }
      do: [ { call: { call: http, with: { method: get, endpoint: { uri: '${server.url}/told', authentication: { bearer: { use: TOKEN } } } } } } ]`))
    t.match(error, { status: 500, detail: /x Beare?r? ?\*{0,3}$/ })
    t.notMatch(JSON.stringify(events), /tok-/)
  })

  await t.test('are not sent without the credentials that they need', async (t) => {
    const before = server.arrivals.length
    for (const authentication of ['basic: { use: TOKEN }', 'bearer: { use: LOGIN }', 'bearer: { token: \'${ .missing }\' }', 'basic: { username: a, password: [ b ] }', 'bearer: { use: OTHER }']) {
      const { error } = await run(workflow(`
        use: { secrets: [ LOGIN, TOKEN ] }
        do: [ { call: { call: http, with: { method: get, endpoint: { uri: '${server.url}/echo', authentication: { ${authentication} } } } } } ]`))
      t.match(error, { type: /errors\/authorization$/, detail: /The credentials have no/ }, authentication)
    }
    t.equal(server.arrivals.length, before)
  })

  await t.test('fail with the status of the answer', async (t) => {
    const { error } = await run(call(`method: get, endpoint: '${server.url}/missing'`))
    t.match(error, { type: /errors\/communication$/, status: 404, title: 'Not Found', instance: '/do/0/call', detail: /answered 404: .*not here/ })
  })

  await t.test('follow redirects only when asked', async (t) => {
    t.match((await run(call(`method: get, endpoint: '${server.url}/redirect'`))).error, { status: 302 })
    t.match((await run(call(`method: get, endpoint: '${server.url}/redirect', redirect: true`))).output, { url: '/echo' })
  })

  await t.test('fail clearly', async (t) => {
    const cases = {
      garbage: { type: /errors\/communication$/, detail: /says that it is JSON/ },
      cut: { type: /errors\/communication$/, detail: /was not answered/ },
      large: { type: /errors\/runtime$/, detail: /more than 1048576 bytes/ }
    }
    for (const [path, error] of Object.entries(cases)) t.match((await run(call(`method: get, endpoint: '${server.url}/${path}'`))).error, error, path)
    t.match((await run(call(`method: get, endpoint: "http://localhost:${await freePort()}/"`))).error, { type: /errors\/communication$/, detail: /ECONNREFUSED/ })
    t.match((await run(call('method: get, endpoint: no address'))).error, { type: /errors\/configuration$/ })
    t.match((await run(call(`method: get, endpoint: '${server.url}/{list}'`), { list: [] })).error, { type: /errors\/expression$/ })
    t.match((await run(call(`method: get, endpoint: { uri: '${server.url}/echo', authentication: { digest: { username: a } } }`))).error, { type: /errors\/configuration$/ })
  })

  await t.test('go to allowed hosts only', async (t) => {
    const other = await startHttpServer(t, answer)
    for (const url of [`${other.url}/echo`, 'http://[::1]:80/', 'http://example.com/']) {
      const { error } = await run(call(`method: get, endpoint: '${url}'`))
      t.match(error, { type: /errors\/authorization$/, status: 403, detail: /ENGINE_ALLOWED_HOSTS/ }, url)
    }
    t.equal(other.arrivals.length, 0)
    const { error } = await run(call(`method: get, endpoint: '${server.url}/away', redirect: true`))
    t.match(error, { type: /errors\/authorization$/ }, 'also after a redirect')
  })

  await t.test('end when the time is over or the run is cancelled', async (t) => {
    const late = await run(call(`method: get, endpoint: '${server.url}/never'`, ', timeout: { after: { milliseconds: 100 } }'))
    t.match(late.error, { type: /errors\/timeout$/ })
    const before = server.arrivals.length
    const runId = await start(call(`method: get, endpoint: '${server.url}/never'`))
    await waitUntil('the call has arrived', () => server.arrivals.length > before)
    await engine.cancel(runId, '')
    const cancelled = await ended(runId)
    t.equal(cancelled.status, 'cancelled')
    t.strictSame(ends(cancelled.events), ['/do/0/call cancelled'])
  })

  await t.test('are logged', async (t) => {
    const { events } = await run(call(`method: get, endpoint: '${server.url}/text'`))
    t.match(logLines(events)[0], /^GET http:\/\/127\.0\.0\.1:\d+\/text was answered 200 after \d+ ms\.$/)
  })
})

test('metadata addresses are never called, even when their host is allowed', async (t) => {
  const { run } = await startEngine(t, { allowedHosts: ['169.254.169.254', '[::ffff:169.254.169.254]', '[fd00:ec2::254]', '*.internal'] })
  for (const host of ['169.254.169.254', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]', '2852039166', '0xa9fea9fe']) {
    const { error } = await run(workflow(`- call: { call: http, with: { method: get, endpoint: 'http://${host}/latest' } }`))
    t.match(error, { type: /errors\/authorization$/ }, host)
  }
})
