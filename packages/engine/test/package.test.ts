import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { publint } from 'publint'
import t from 'tap'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

t.test('the package has nothing that publint finds wrong', async (t) => {
  const { messages } = await publint({ pkgDir: PACKAGE, strict: true })
  t.same(messages, [])
})

t.test('the built package loads definitions and evaluates expressions on plain Node, whose process then ends by itself', async (t) => {
  const program = `
    import { createEvaluator, graphOf, loadWorkflow } from '${pathToFileURL(join(PACKAGE, 'dist/index.js'))}'
    const evaluator = createEvaluator({ deadlineMs: 20000, maxOutputBytes: 1000 })
    const document = { dsl: '1.0.3', namespace: 'test', name: 'example', version: '1.0.0' }
    const { definition } = await loadWorkflow(JSON.stringify({ document, do: [{ a: { set: { x: '\${ .y + 1 }' } } }] }), 'a.json', evaluator)
    const value = await evaluator.evaluate(definition.do[0].a.set, { input: { y: 1 }, variables: {} })
    console.log(JSON.stringify({ value, nodes: graphOf(definition).nodes.length }))`
  const file = join(t.testdir({ 'program.mjs': program }), 'program.mjs')
  const { NODE_OPTIONS: _options, ...env } = process.env
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { env, timeout: 60_000 })
  t.same(JSON.parse(stdout), { value: { x: 2 }, nodes: 3 })
  t.equal(stderr, '')
})
