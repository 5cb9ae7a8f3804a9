import { createRequire } from 'node:module'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { ends, logLines, startEngine, workflow } from '../support/engine.ts'
import { json, startHttpServer } from '../support/http-server.ts'
import { isAlive } from '../support/is-alive.ts'
import { waitUntil } from '../support/wait-until.ts'

const { resolve } = createRequire(import.meta.url)
const everything = join(dirname(resolve('@modelcontextprotocol/server-everything/package.json')), 'dist/index.js')
const filesystem = join(dirname(resolve('@modelcontextprotocol/server-filesystem/package.json')), 'dist/index.js')
const misbehaving = fileURLToPath(new URL('../support/misbehaving-mcp-server.js', import.meta.url))

/** Writes a task that calls a server over stdio. */
const stdio = (args: readonly string[], method: string, parameters = '{}', more = '', environment = '{}') =>
  `{ call: mcp, with: { method: ${method}, parameters: ${parameters}, transport: { stdio: { command: '${process.execPath}', arguments: ${JSON.stringify(args)}, environment: ${environment} } }${more} } }`

test('a server over stdio', async (t) => {
  const { run } = await startEngine(t)
  await t.test('lists and calls tools', async (t) => {
    const listed = await run(workflow(`- list: ${stdio([everything], 'tools/list')}`))
    t.equal(listed.status, 'succeeded')
    t.match(listed.output, { tools: [{ name: String, inputSchema: {} }] })
    const called = await run(workflow(`- echo: ${stdio([everything], 'tools/call', '{ name: echo, arguments: { message: \'${ .text }\' } }')}`), { text: 'hello' })
    t.match(called.output, { content: [{ type: 'text', text: /hello/ }] })
  })

  await t.test('gives prompts and resources', async (t) => {
    const methods = { 'prompts/list': { prompts: [{}] }, 'resources/list': { resources: [{}] }, 'resources/templates/list': { resourceTemplates: [{}] } }
    for (const [method, output] of Object.entries(methods)) t.match((await run(workflow(`- list: ${stdio([everything], method)}`))).output, output, method)
    const list = await run(workflow(`
      - prompts: ${stdio([everything], 'prompts/list')}
      - prompt: ${stdio([everything], 'prompts/get', '{ name: \'${ [ .prompts[] | select((.arguments // []) | length == 0) ][0].name }\' }')}
      - keep: { set: { prompt: '\${ . }' }, export: { as: . } }
      - resources: ${stdio([everything], 'resources/list')}
      - resource: ${stdio([everything], 'resources/read', '{ uri: \'${ .resources[0].uri }\' }')}
      - all: { set: '\${ $context + { resource: . } }' }`))
    t.match(list.output, { prompt: { messages: [{}] }, resource: { contents: [{}] } })
  })

  await t.test('reports its progress while the tool works', async (t) => {
    const called = await run(workflow(`- long: ${stdio([everything], 'tools/call', '{ name: trigger-long-running-operation, arguments: { duration: 0.4, steps: 4 } }')}`))
    t.equal(called.status, 'succeeded')
    const progress = called.events.filter(({ type, data }) => type === 'result_preview' && data['final'] === false)
    t.ok(progress.length >= 2)
    t.match(progress[0]?.data, { step: '/do/0/long', progress: 1, total: 4, content: { progress: 1, total: 4 } })
  })

  await t.test('works on files', async (t) => {
    const directory = await realpath(await mkdtemp(join(tmpdir(), 'runcast-mcp-')))
    t.teardown(() => rm(directory, { recursive: true }))
    await writeFile(join(directory, 'note.txt'), 'remember')
    const read = await run(workflow(`- read: ${stdio([filesystem, directory], 'tools/call', '{ name: read_text_file, arguments: { path: \'${ .path }\' } }')}`), { path: join(directory, 'note.txt') })
    t.match(read.output, { content: [{ text: 'remember' }] })
    const refused = await run(workflow(`- read: ${stdio([filesystem, directory], 'tools/call', '{ name: read_text_file, arguments: { path: /etc/hostname } }')}`))
    t.match(refused.error, { type: /errors\/runtime$/, detail: /The tool failed: .*denied/ })
  })
})

test('a server that misbehaves fails the task, which names the misbehaviour', async (t) => {
  const { run } = await startEngine(t)
  const cases: Array<[string, object]> = [
    ['silent', { type: /errors\/timeout$/, detail: /did not answer within 700 ms/ }],
    ['die', { type: /errors\/runtime$/, detail: /ended with exit code 7/ }],
    ['die when called', { type: /errors\/runtime$/, detail: /ended with exit code 8/ }],
    ['garbage', { type: /errors\/runtime$/, detail: /no MCP messages, such as "this is no message"/ }],
    ['endless line', { type: /errors\/runtime$/, detail: /more than the 1048576 bytes/ }],
    ['refuse', { type: /errors\/runtime$/, detail: /no such thing/ }],
    ['fail', { type: /errors\/runtime$/, detail: /The tool failed: the tool broke/ }],
    ['large', { type: /errors\/runtime$/, detail: /more than the 1048576 bytes/ }]
  ]
  for (const [behaviour, error] of cases) {
    await t.test(behaviour, async (t) => {
      const limit = behaviour === 'silent' ? ', timeout: { milliseconds: 700 }' : ''
      const ended = await run(workflow(`- call: ${stdio([misbehaving, behaviour], 'tools/call', '{ name: any }', limit)}`))
      t.equal(ended.status, 'failed')
      t.match(ended.error, error)
      const pids = logLines(ended.events, 'stderr').filter((line) => line.startsWith('pid ')).map((line) => Number(line.slice(4)))
      await waitUntil('the server is gone', () => !pids.some(isAlive))
    })
  }

  await t.test('a banner is forgiven, and logged', async (t) => {
    const ended = await run(workflow(`- call: ${stdio([misbehaving, 'banner'], 'tools/call', '{ name: any }')}`))
    t.match(ended.output, { content: [{ text: 'called tools/call' }] })
    t.strictSame(logLines(ended.events, 'stdout'), ['Welcome!'])
  })

  await t.test('a program that does not exist', async (t) => {
    const ended = await run(workflow('- call: { call: mcp, with: { method: tools/list, transport: { stdio: { command: no-such-server } } } }'))
    t.match(ended.error, { type: /errors\/configuration$/, detail: /no program "no-such-server"/ })
  })
})

test('secrets are masked in the messages of a server', async (t) => {
  const { run } = await startEngine(t, { environment: { ...process.env, KEY: 'key-0123456789' } })
  const ended = await run(workflow(`
    use: { secrets: [ KEY ] }
    do: [ { call: ${stdio([misbehaving, 'secret'], 'tools/call', '{ name: any, key: \'${ $secrets.KEY }\' }', '', '{ GIVEN: \'${ $secrets.KEY }\' }')} } ]`))
  t.equal(ended.status, 'succeeded')
  t.notOk(JSON.stringify(ended.events).includes('key-0123456789'))
  t.match(ended.events.find(({ type, data }) => type === 'log' && data['level'] === 'critical')?.data, { message: '{"text":"***"}', step: '/do/0/call' })
  t.match(ended.events.find(({ data }) => data['progress'] !== undefined)?.data, { progress: 1, total: 2, message: '***' })
})

test('a cancelled run ends its server, even a stubborn one', async (t) => {
  const { engine, start, ended, events } = await startEngine(t)
  const runId = await start(workflow(`- call: ${stdio([misbehaving, 'stubborn'], 'tools/call', '{ name: any }')}`))
  await waitUntil('the server runs', () => logLines(events(runId), 'stderr').length > 0)
  const pid = Number(logLines(events(runId), 'stderr')[0]?.replace('pid ', ''))
  await engine.cancel(runId, '')
  const run = await ended(runId)
  t.equal(run.status, 'cancelled')
  t.strictSame(ends(run.events), ['/do/0/call cancelled'])
  await waitUntil('the server is gone', () => !isAlive(pid))
})

test('without permission no server is started', async (t) => {
  const { run } = await startEngine(t, { allowProcesses: false })
  const ended = await run(workflow(`- call: ${stdio([everything], 'tools/list')}`))
  t.match(ended.error, { type: /errors\/authorization$/, detail: /ENGINE_ALLOW_PROCESSES/ })
})

test('a server over streamable HTTP', async (t) => {
  let unfinished = ''
  const server = await startHttpServer(t, ({ url, method, body }, response) => {
    if (method === 'GET' && url === '/resumes') return response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`id: 2\ndata: ${unfinished}\n\n`)
    if (method === 'GET' && url === '/stays-away') return response.writeHead(500).end()
    if (method !== 'POST') return response.writeHead(method === 'DELETE' ? 200 : 405).end()
    const message = JSON.parse(body)
    if (url === '/broken') return response.writeHead(500).end('out of order')
    if (url === '/never') return undefined
    if (message.id === undefined) return response.writeHead(202).end()
    if (message.method === 'initialize') {
      response.setHeader('mcp-session-id', 'session-1')
      return json(response, { jsonrpc: '2.0', id: message.id, result: { protocolVersion: message.params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'test', version: '1' } } })
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (url === '/resumes' || url === '/stays-away' || url === '/offers-no-get') {
      unfinished = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: 'resumed' }] } })
      return response.end('id: 1\nretry: 10\ndata:\n\n')
    }
    if (url === '/ends') return response.end(': nothing\n\n')
    if (url === '/garbage') return response.end('data: no JSON\n\n')
    if (url === '/large') return response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: 'x'.repeat(2_000_000) } })}\n\n`)
    if (url === '/dies') return response.write(': alive\n\n', () => response.destroy())
    for (const progress of [1, 2]) response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: message.params._meta.progressToken, progress, total: 2 } })}\n\n`)
    response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { content: [{ type: 'text', text: message.params.name }] } })}\n\n`)
  })
  const { run } = await startEngine(t)
  const http = (path: string, more = '') => workflow(`- call: { call: mcp, with: { method: tools/call, parameters: { name: there }, transport: { http: { endpoint: { uri: '${server.url}${path}', authentication: { bearer: { token: abc } } }, headers: { x-given: '1' } } }${more} } }`)

  await t.test('is called with its headers, reports progress, and has its session ended', async (t) => {
    const ended = await run(http('/mcp'))
    t.match(ended.output, { content: [{ text: 'there' }] })
    t.ok(ended.events.some(({ data }) => data['progress'] === 1 && data['total'] === 2))
    t.match(server.arrivals[0]?.headers, { authorization: 'Bearer abc', 'x-given': '1' })
    t.ok(server.arrivals.some(({ method, headers }) => method === 'DELETE' && headers['mcp-session-id'] === 'session-1'))
  })
  await t.test('that refuses fails the task', async (t) => {
    t.match((await run(http('/broken'))).error, { type: /errors\/runtime$/, detail: /out of order/ })
  })
  await t.test('that does not finish its answer fails the task, which says how', async (t) => {
    const rows = {
      '/ends': /ended its answer without a result\.$/,
      '/dies': /ended its answer without a result\.$/,
      '/garbage': /without a result\. It sent something that is no MCP message\.$/,
      '/large': /has more than 1114112 bytes/
    }
    for (const [path, detail] of Object.entries(rows)) t.match((await run(http(path))).error, { type: /errors\/runtime$/, detail }, path)
  })
  await t.test('that goes on by the ids of its events is asked for the rest', async (t) => {
    t.match((await run(http('/resumes'))).output, { content: [{ text: 'resumed' }] })
    for (const path of ['/stays-away', '/offers-no-get']) t.match((await run(http(path))).error, { type: /errors\/runtime$/, detail: /ended its answer without a result\.$/ }, path)
  })
  await t.test('gets no secret by data, but may get the authorization by an expression', async (t) => {
    const call = (authentication: string, name: string) => workflow(`
      use: { secrets: [ TOKEN ] }
      do: [ { call: { call: mcp, with: { method: tools/call, parameters: { name: '${name}' }, transport: { http: { endpoint: { uri: '${server.url}/mcp', authentication: { ${authentication} } } } } } } } ]`)
    const before = server.arrivals.length
    const { run } = await startEngine(t, { environment: { TOKEN: 'tok-123456' } })
    t.match((await run(call("bearer: '${ .auth }'", 'there'), { auth: { use: 'TOKEN' } })).error, { type: /errors\/authorization$/ })
    t.equal(server.arrivals.length, before)
    t.match((await run(call('bearer: { use: TOKEN }', '${ $authorization.scheme }'))).output, { content: [{ text: 'Bearer' }] })
  })
  await t.test('that never answers fails the task', async (t) => {
    t.match((await run(http('/never', ', timeout: PT0.3S'))).error, { type: /errors\/timeout$/ })
  })
  await t.test('that is not allowed is not called', async (t) => {
    const ended = await run(workflow('- call: { call: mcp, with: { method: tools/list, transport: { http: { endpoint: "http://example.com/mcp" } } } }'))
    t.match(ended.error, { type: /errors\/authorization$/, detail: /ENGINE_ALLOWED_HOSTS/ })
  })
})
