import t from 'tap'
import { loadWorkflow } from '../../src/definition/load-workflow.ts'
import { DefinitionError, type Workflow } from '../../src/definition/workflow.ts'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'

const evaluator = createEvaluator({ deadlineMs: 20_000, maxOutputBytes: 1_000_000 })
t.teardown(() => evaluator.close())

const DOCUMENT = "document: { dsl: '1.0.3', namespace: test, name: example, version: '1.0.0' }"

async function load (body: string, fileName = 'example.yaml'): Promise<Workflow> {
  return await loadWorkflow(body, fileName, evaluator)
}

/** Lists the faults of a definition with these tasks or parts, such as `/do/0/a/then: There is …`. */
async function faultsOf (body: string): Promise<string[]> {
  return await faultsIn(`${DOCUMENT}\n${body.trimStart().startsWith('-') ? `do:\n${body}` : body}`)
}

async function faultsIn (text: string, fileName?: string): Promise<string[]> {
  try {
    await load(text, fileName)
    return []
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults.map(({ path, message }) => `${path}: ${message}`)
    throw error
  }
}

t.test('a definition with every kind of task is a workflow', async (t) => {
  const workflow = await load(`
document: { dsl: '1.0.3', namespace: shop, name: every-kind, version: 2.1.0-rc.1, title: Every kind, summary: One of each., tags: { team: a } }
input:
  schema: { format: json, document: { type: object, required: [id], properties: { id: { type: integer } } } }
  from: '{ id: .id }'
use:
  secrets: [TOKEN]
  authentications: { api: { bearer: { use: TOKEN } } }
  errors: { broken: { type: 'https://example.com/broken', status: 500, title: '\${ "Broken \\(.id)" }' } }
  retries: { thrice: { when: '$error.status == 503', delay: { seconds: 1 }, backoff: { exponential: {} }, limit: { attempt: { count: 3, duration: PT5S } }, jitter: { from: PT0S, to: '\${ .jitter }' } } }
  timeouts: { short: { after: PT1S } }
  functions: { greet: { set: { greeting: '\${ "Hello " + .name }' } } }
timeout: { after: { minutes: 1 } }
do:
  - get:
      call: http
      with:
        method: get
        endpoint: { uri: 'https://example.com/{id}', authentication: { use: api } }
        headers: { x: '\${ $authorization.scheme }' }
        query: '\${ { id } }'
        output: response
        redirect: true
      timeout: short
  - tool:
      call: mcp
      with:
        method: tools/call
        parameters: { name: echo, arguments: '\${ . }' }
        timeout: PT10S
        transport: { stdio: { command: node, arguments: [server.js], environment: { A: '\${ $secrets.TOKEN }' } } }
        client: { name: me, version: '1' }
  - resources: { call: mcp, with: { method: resources/list, transport: { http: { endpoint: 'https://example.com/mcp', headers: { a: b } } } } }
  - greeting: { call: greet, with: { name: '\${ .name }' } }
  - group: { do: [{ inner: { set: '\${ . }', then: exit } }] }
  - event: { emit: { event: { with: { source: 'https://example.com', type: a.b, data: { x: '\${ .x }' } } } } }
  - loop: { for: { each: pet, in: .pets, at: number }, while: '$number < 3', do: [{ each: { set: { it: '\${ [$pet, $number] }' } } }] }
  - both: { fork: { compete: true, branches: [{ a: { wait: { seconds: 1 } } }, { b: { wait: '\${ .wait }' } }] } }
  - shell: { run: { shell: { command: echo, arguments: ['\${ .x }'], stdin: text, environment: { A: b } }, return: all } }
  - choose:
      switch:
        - yes: { when: '.x == 1', then: careful }
        - otherwise: { then: continue }
  - careful:
      try: [{ risky: { raise: { error: broken } } }]
      catch: { errors: { with: { status: 500 } }, as: problem, when: '$problem.status > 1', retry: thrice, do: [{ note: { set: { it: '\${ $problem }' } } }] }
      then: end
  - never:
      if: .x > 1
      set: { a: 1 }
      input: { from: .a, schema: { document: { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: string }] } } }
      output: { as: { b: '\${ . }' } }
      export: { as: '$context + $output' }
output: { as: .result }
`)
  t.match(workflow, { name: 'every-kind', version: '2.1.0-rc.1', namespace: 'shop', title: 'Every kind', summary: 'One of each.', inputSchema: { required: ['id'] } })
  t.equal(workflow.definition.do.length, 12)
  t.equal(workflow.definition.document.dsl, '1.0.3')
})

t.test('JSON is read by the name of its file', async (t) => {
  const text = JSON.stringify({ document: { dsl: '1.0.0', namespace: 'a', name: 'b', version: '1.0.0' }, do: [] })
  t.match(await load(text, 'x.json'), { name: 'b', title: null, summary: null, inputSchema: null })
  t.match(await faultsIn('{ document: 1 }', 'x.JSON'), [/^: This is no JSON: /])
})

t.test('a text that is no YAML, or does harm, is refused', async (t) => {
  const cases: Array<[string, RegExp]> = [
    ['a: [', /^: Line 1 is no YAML: /],
    ['a: 1\na: 2', /Map keys must be unique/],
    ['a: !!js/function "x"', /^: Line 1 is no YAML: Unresolved tag/],
    ['? [1]\n: 2', /keys must be strings/],
    ['--- 1\n--- 2', /is no YAML/],
    ['a: .inf', /^\/a: A number like this is no JSON/],
    ['[]', /must be an object with/],
    ['', /must be an object with/],
    [`a: ${'['.repeat(200)}${']'.repeat(200)}`, /nest 128 levels/],
    [`a: ${'{a: '.repeat(5000)}1${'}'.repeat(5000)}`, /nest 128 levels|no YAML/],
    ['&a [*a]', /nest 128 levels|cannot be resolved|no YAML/],
    [`a: ${'x'.repeat(1_100_000)}`, /may have 1048576 characters/],
    [`a: [${'1,'.repeat(150_000)}1]`, /may have 100000 values/],
    ['"__proto__": { polluted: 1 }', /^\/__proto__: No key may be/],
    [Array.from({ length: 30 }, (_, index) => `a${index}: &a${index} [${index === 0 ? 'x' : Array(10).fill(`*a${index - 1}`).join()}]`).join('\n'), /aliases/]
  ]
  for (const [text, message] of cases) t.match(await faultsIn(text), [message], text.slice(0, 40))
  t.match(await faultsIn('{"__proto__": {"a": 1}}', 'x.json'), [/No key may be/])
  t.notOk('polluted' in {})
})

t.test('every fault is found at once, each with its path', async (t) => {
  t.same(await faultsOf(`
- a: { set: { x: 1 }, bogus: 1 }
- b: { call: http, with: { method: get } }
- c: { nothing: 1 }
- d: { do: [{ inner: { wait: { weeks: 1 } } }] }
- e: 5
- { f: { set: { a: 1 } }, g: { set: { a: 1 } } }
- h: { run: { shell: { command: x, arguments: { a: b } } } }
- i: { set: text }
- j: { call: http, with: { method: get, endpoint: 'https://example.com/\${ .id }' } }`), [
    '/do/0/a: It must NOT have unevaluated properties: "bogus".',
    "/do/1/b/with: It must have required property 'endpoint'.",
    '/do/2/c: A task must have one of the keys call, do, emit, for, fork, raise, run, set, switch, try and wait.',
    '/do/3/d/do/0/inner/wait: It must NOT have unevaluated properties: "weeks", or must be string.',
    '/do/4/e: A task must have one of the keys call, do, emit, for, fork, raise, run, set, switch, try and wait.',
    '/do/5: Each item of a list must have one key, the name of its task.',
    '/do/6/h/run/shell/arguments: The arguments must be a list of texts.',
    '/do/7/i/set: It must be an object, or an expression in ${ }.',
    '/do/8/j/with/endpoint: An expression in a URI must be all of it: write ${ "https://example.com/\\(.id)" }, or {id} for a property of the input.'
  ])
})

t.test('unsupported parts are refused with their paths', async (t) => {
  const task = (text: string) => `- t: ${text}`
  const cases: Array<[string, string]> = [
    ...['grpc', 'openapi', 'asyncapi', 'a2a'].map((call): [string, string] => [task(`{ call: ${call}, with: {} }`), '/do/0/t/call']),
    ...['container: { image: x }', 'script: { language: js, code: x }', 'workflow: { namespace: a, name: b, version: "1.0.0" }'].map((run): [string, string] => [task(`{ run: { ${run} } }`), `/do/0/t/run/${run.split(':')[0] ?? ''}`]),
    [task('{ listen: { to: { any: [] } } }'), '/do/0/t/listen'],
    ['schedule: { every: PT1S }\ndo: []', '/schedule'],
    ['evaluate: { language: js }\ndo: []', '/evaluate/language'],
    ['evaluate: { mode: loose }\ndo: []', '/evaluate/mode'],
    ['use: { catalogs: { a: { endpoint: "https://a" } } }\ndo: []', '/use/catalogs'],
    ['use: { extensions: [] }\ndo: []', '/use/extensions'],
    ['input: { schema: { format: avro, document: {} } }\ndo: []', '/input/schema/format'],
    ['input: { schema: { resource: { endpoint: "https://a" } } }\ndo: []', '/input/schema/resource'],
    [task('{ call: http, with: { method: get, endpoint: { uri: "https://a", authentication: { digest: { username: a, password: b } } } } }'), '/do/0/t/with/endpoint/authentication/digest'],
    ['use: { authentications: { a: { oidc: { use: x } } } }\ndo: []', '/use/authentications/a/oidc']
  ]
  for (const [body, path] of cases) {
    const faults = await faultsOf(body)
    t.equal(faults.length, 1, `${body} gives one fault: ${faults.join(' ')}`)
    t.ok(faults[0]?.startsWith(`${path}: `), `${faults[0]} is at ${path}`)
  }
  t.match(await faultsIn("document: { dsl: '1.1.0', namespace: a, name: b, version: '1.0.0' }\ndo: []"), [/^\/document\/dsl: .*1\.0\.0 to 1\.0\.3/])
  t.match(await faultsIn('do: []'), [/^\/document: It must be an object with dsl, namespace, name and version/])
  t.match(await faultsIn(DOCUMENT), [/required property 'do'/, /^\/do: It must be a list/])
})

t.test('the arguments of an MCP call are checked', async (t) => {
  t.same(await faultsOf(`
- a: { call: mcp }
- b: { call: mcp, with: { method: tools/run, transport: {} } }
- c: { call: mcp, with: { method: tools/list, transport: { stdio: { command: 1 }, http: { endpoint: 'https://a' } }, other: 1 }, bogus: 1 }`), [
    '/do/0/a/with: It must be object.',
    '/do/1/b/with/method: It must be equal to one of the allowed values (tools/list, tools/call, prompts/list, prompts/get, resources/list, resources/read, resources/templates/list).',
    '/do/1/b/with/transport: It must have either http or stdio.',
    '/do/2/c: It must NOT have unevaluated properties: "bogus".',
    '/do/2/c/with: It must NOT have additional properties: "other".',
    '/do/2/c/with/transport: It must have either http or stdio.',
    '/do/2/c/with/transport/stdio/command: It must be string.'
  ])
})

t.test('names must lead somewhere', async (t) => {
  t.same(await faultsOf(`
use:
  functions: { f: { call: g }, g: { do: [{ x: { call: f } }] }, h: { set: { a: 1 }, then: a } }
timeout: long
do:
  - a: { set: { x: 1 }, then: nowhere }
  - a: { set: { x: 1 }, then: end }
  - b: { do: [{ c: { set: { x: 1 }, then: a } }, { d: { set: { x: 1 }, then: c } }] }
  - e: { switch: [{ one: { when: '.x', then: missing } }, { 'a/b': { then: b } }] }
  - f: { fork: { branches: [{ left: { set: { x: 1 }, then: right } }, { right: { set: { x: 1 } } }] } }
  - g: { call: constructor }
  - h: { raise: { error: toString } }
  - i: { try: [], catch: { retry: none, as: '1x' } }
  - j: { wait: PT1S, timeout: other }
  - k: { for: { each: input, in: .x, at: i }, do: [] }
  - l: { for: { each: i, in: .x, at: i }, do: [] }
  - m: { call: http, with: { method: get, endpoint: { uri: 'https://a/{x}', authentication: { bearer: { use: MISSING } } } } }
  - n: { call: http, with: { method: get, endpoint: { uri: 'https://a', authentication: { use: missing } } } }
`).then((faults) => faults.map((fault) => fault.split(': ')[0])), [
    '/timeout', '/do/0/a/then', '/do/1/a', '/do/2/b/do/0/c/then', '/do/3/e/switch/0/one/then', '/do/4/f/fork/branches/0/left/then',
    '/do/5/g/call', '/do/6/h/raise/error', '/do/7/i/catch/as', '/do/7/i/catch/retry', '/do/8/j/timeout', '/do/9/k/for/each', '/do/10/l/for/at',
    '/do/11/m/with/endpoint/authentication/bearer/use', '/do/12/n/with/endpoint/authentication/use',
    '/use/functions/h/then', '/use/functions/f', '/use/functions/g'
  ])
})

t.test('expressions must compile, with the variables of their place', async (t) => {
  t.same(await faultsOf(`
input: { from: $input }
do:
  - a: { if: '.x +', set: { 'p/q': { r: ['\${ nope }'] } } }
  - b: { for: { each: pet, in: .pets }, do: [{ c: { set: { ok: '\${ [$pet, $index] }', not: '\${ $item }' } } }] }
  - d: { set: { not: '\${ $pet }' }, output: { as: $output }, export: { as: $output } }
  - e: { try: [{ f: { set: { not: '\${ $error }' } } }], catch: { when: $error, do: [{ g: { set: { ok: '\${ $error }' } } }] } }
  - h: { set: { two: '\${ .a } and \${ .b }', ok: 'text \${ .a }' } }
`).then((faults) => faults.map((fault) => fault.replace(' It does not compile', ''))), [
    '/input/from:: $input is not defined (line 1, column 1).',
    '/do/0/a/if:: syntax error, unexpected end of file (line 1, column 4).',
    '/do/0/a/set/p~1q/r/0:: nope/0 is not defined (line 1, column 1).',
    '/do/1/b/do/0/c/set/not:: $item is not defined (line 1, column 1).',
    '/do/2/d/output/as:: $output is not defined (line 1, column 1).',
    '/do/2/d/set/not:: $pet is not defined (line 1, column 1).',
    '/do/3/e/try/0/f/set/not:: $error is not defined (line 1, column 1).',
    '/do/4/h/set/two:: syntax error, unexpected INVALID_CHARACTER, expecting end of file (line 1, column 4).'
  ])
})

t.test('durations and schemas are checked', async (t) => {
  t.match(await faultsOf(`
use: { timeouts: { a: { after: P1Y } }, retries: { r: { delay: soon } } }
do:
  - b: { wait: 5s }
  - c: { set: { x: 1 }, timeout: { after: '\${ .after }' } }
  - d: { set: { x: 1 }, input: { schema: { document: { type: nothing } } } }
  - e: { set: { x: 1 }, output: { schema: { document: { $ref: 'https://example.com/other.json' } } } }
  - f: { set: { x: 1 }, export: { schema: { document: { $id: 'https://example.com/same', type: object } } } }
  - g: { set: { x: 1 }, export: { schema: { document: { $id: 'https://example.com/same', type: array } } } }
`), [
    /^\/do\/2\/d\/input\/schema\/document: This is no JSON Schema: /,
    /^\/do\/3\/e\/output\/schema\/document: This is no JSON Schema: can't resolve reference/,
    /^\/use\/timeouts\/a\/after: "P1Y" is no duration/,
    /^\/use\/retries\/r\/delay: "soon" is no duration/,
    /^\/do\/0\/b\/wait: "5s" is no duration/
  ])
})

t.test('a hundred expressions are checked in a few seconds at most', async (t) => {
  const tasks = Array.from({ length: 100 }, (_, index) => `- t${index}: { set: { x: '\${ .a${index} | select(. > ${index}) }' } }`).join('\n')
  const began = performance.now()
  t.same(await faultsOf(tasks), [])
  t.comment(`${Math.round(performance.now() - began)} ms`)
})
