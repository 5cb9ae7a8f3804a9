import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { WorkflowDetail, WorkflowList } from '../../schemas/workflows.ts'
import { tokenFor } from '../helpers/service/app.ts'
import { buildWorkflowApp, deploy, jq, NAMED, workflow, type WorkflowApp } from '../helpers/service/workflow-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const WORKFLOWS = '/api/v1/workflows'

const list = async (app: WorkflowApp) => await (await app.call(WORKFLOWS)).json() as WorkflowList
const wait = (name: string, version?: string) => workflow(name, [{ rest: { wait: 'PT1S' } }], {}, version)

t.test('the workflows are listed with their input schemas, and refused files with what is wrong', async (t) => {
  const app = await buildWorkflowApp(t, {
    'b.json': wait('b'),
    'a.yaml': JSON.stringify(workflow('a', [{ rest: { wait: 'PT1S' } }], NAMED, '2.0.0')),
    'a-old.json': wait('a', '1.9.0'),
    'unknown.json': workflow('unknown', [{ x: { listen: { to: { one: {} } } } }]),
    'nowhere.json': workflow('nowhere', [{ x: { set: { a: 1 }, then: 'elsewhere' } }]),
    'uncompiled.json': workflow('uncompiled', [{ x: { set: { a: jq('.a |') } } }]),
    'no-json.json': '{',
    'notes.txt': 'not a workflow'
  })
  const { workflows, faults } = await list(app)
  t.same(workflows.map(({ name, version }) => `${name} ${version}`), ['a 2.0.0', 'a 1.9.0', 'b 1.0.0'])
  t.match(workflows[0], { title: 'The a', summary: null, input_schema: NAMED.input.schema.document })
  t.equal(workflows[2]?.input_schema, null)
  t.same([...new Set(faults.map(({ file }) => file))].toSorted(), ['no-json.json', 'nowhere.json', 'uncompiled.json', 'unknown.json'])
  t.ok(faults.some(({ file, path, message }) => file === 'nowhere.json' && path === '/do/0/x/then' && message.includes('elsewhere')), JSON.stringify(faults))
  t.ok(faults.some(({ file, path }) => file === 'uncompiled.json' && path.startsWith('/do/0/x/set')))
  for (const { message } of faults) t.ok(message !== '')
})

t.test('a file that comes, changes or goes is seen without a restart', async (t) => {
  const app = await buildWorkflowApp(t, { 'a.json': wait('a') })
  const names = async () => (await list(app)).workflows.map(({ name, version }) => `${name} ${version}`).join()
  t.equal(await names(), 'a 1.0.0')
  await deploy(app.workflowsDirectory, { 'b.json': wait('b') })
  await waitUntil('b is there', async () => await names() === 'a 1.0.0,b 1.0.0')
  await deploy(app.workflowsDirectory, { 'a.json': wait('a', '1.1.0') })
  await waitUntil('a is the new one', async () => await names() === 'a 1.1.0,b 1.0.0')
  await rm(join(app.workflowsDirectory, 'b.json'))
  await waitUntil('b is gone', async () => await names() === 'a 1.1.0')
})

t.test('one workflow comes with its definition and its graph', async (t) => {
  const definition = workflow('a', [{ first: { set: { x: 1 } } }, { all: { do: [{ inner: { wait: 'PT1S' } }] } }], NAMED)
  const app = await buildWorkflowApp(t, { 'a.json': definition, 'b.json': wait('a', '0.9.0') })
  const response = await app.call(`${WORKFLOWS}/a`)
  t.equal(response.status, 200)
  const detail = await response.json() as WorkflowDetail
  t.match(detail, { name: 'a', version: '1.0.0', title: 'The a', input_schema: NAMED.input.schema.document })
  t.same(detail.definition, definition)
  t.match(detail.graph.nodes, [{ id: 'start' }, { id: '/do/0/first', type: 'set', label: 'first', parent: null }, { id: '/do/1/all', type: 'do' }, { id: '/do/1/all/do/0/inner', parent: '/do/1/all' }, { id: 'end' }])
  t.ok(detail.graph.edges.some(({ from, to }) => from === '/do/0/first' && to === '/do/1/all'))
  t.match(await (await app.call(`${WORKFLOWS}/a?version=0.9.0`)).json(), { version: '0.9.0' })
  for (const path of ['/a?version=3.0.0', '/unknown']) {
    t.match(await (await app.call(WORKFLOWS + path)).json(), { status: 404, code: 'workflow_not_found', detail: /\.$/ }, path)
  }
  t.match(await (await app.call(`${WORKFLOWS}/..%2Fetc`)).json(), { status: 404, code: 'workflow_not_found' })
})

t.test('a workflow that this service does not let do what it does says so', async (t) => {
  const files = {
    'shell.json': workflow('shell', [{ inside: { do: [{ list: { run: { shell: { command: 'ls' } } } }] } }]),
    'stdio.json': workflow('stdio', [{ tools: { call: 'mcp', with: { method: 'tools/list', transport: { stdio: { command: 'node' } } } } }]),
    'http.json': workflow('http', [{ tools: { call: 'mcp', with: { method: 'tools/list', transport: { http: { endpoint: 'http://127.0.0.1/' } } } } }])
  }
  const obstacles = async (app: WorkflowApp) => (await list(app)).workflows.filter(({ obstacle }) => obstacle !== null).map(({ name }) => name)
  const app = await buildWorkflowApp(t, files, { ENGINE_ALLOW_PROCESSES: 'false' })
  t.same(await obstacles(app), ['shell', 'stdio'])
  t.match(await (await app.call(`${WORKFLOWS}/shell`)).json(), { obstacle: /ENGINE_ALLOW_PROCESSES\.$/ })
  t.same(await obstacles(await buildWorkflowApp(t, files, { ENGINE_ALLOW_PROCESSES: 'true' })), [])
})

t.test('a directory that is not there has no workflows', async (t) => {
  const app = await buildWorkflowApp(t, {}, { WORKFLOWS_DIR: join(t.testdir(), 'none') })
  await rm(app.workflowsDirectory, { recursive: true })
  t.same(await list(app), { workflows: [], faults: [] })
})

t.test('reading workflows needs a token with the scope runs:read', async (t) => {
  const app = await buildWorkflowApp(t, { 'a.json': wait('a') })
  for (const path of [WORKFLOWS, `${WORKFLOWS}/a`]) {
    t.equal((await app.call(path, { headers: { authorization: '' } })).status, 401)
    t.equal((await app.call(path, { headers: { authorization: `Bearer ${tokenFor({ scope: 'workflows:run' })}` } })).status, 403)
    t.equal((await app.call(path, { headers: { authorization: `Bearer ${tokenFor({ scope: 'runs:read' })}` } })).status, 200)
  }
})

t.test('a service that nobody asks for workflows loads no engine', async (t) => {
  const app = await buildWorkflowApp(t, { 'a.json': wait('a') })
  await app.publish('r', { payload: 1 })
  t.notMatch(app.log(), 'workflows were read')
  await list(app)
  t.match(app.log(), 'workflows were read')
})

t.test('the examples are all right', async (t) => {
  const app = await buildWorkflowApp(t, {}, { WORKFLOWS_DIR: 'workflows' })
  const { workflows, faults } = await list(app)
  t.same(faults, [])
  t.same(workflows.map(({ name }) => name), ['commands', 'hello', 'mcp-tour', 'order'])
})
