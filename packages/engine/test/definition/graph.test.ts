import t from 'tap'
import { graphOf } from '../../src/definition/graph.ts'
import { loadWorkflow } from '../../src/definition/load-workflow.ts'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'

const evaluator = createEvaluator({ deadlineMs: 20_000, maxOutputBytes: 1_000_000 })
t.teardown(() => evaluator.close())

/** Draws tasks: nodes as `id type label in parent`, edges as `from → to (label)`. */
async function drawn (tasks: string): Promise<{ readonly nodes: string[], readonly edges: string[] }> {
  const { definition } = await loadWorkflow(`document: { dsl: '1.0.3', namespace: test, name: example, version: '1.0.0' }\ndo:\n${tasks}`, 'example.yaml', evaluator)
  const { nodes, edges } = graphOf(definition)
  const known = new Set(nodes.map(({ id }) => id))
  if (known.size < nodes.length || edges.some(({ from, to }) => !known.has(from) || !known.has(to))) throw new Error('the graph is not one')
  return {
    nodes: nodes.map(({ id, type, label, parent }) => `${id} ${type} ${label}${parent === null ? '' : ` in ${parent}`}`),
    edges: edges.map(({ from, to, label }) => `${from} → ${to}${label === null ? '' : ` (${label})`}`)
  }
}

t.test('tasks follow each other, from start to end', async (t) => {
  t.same(await drawn('- a: { set: { x: 1 } }\n- b/c: { wait: PT1S }'), {
    nodes: ['start start Start', '/do/0/a set a', '/do/1/b~1c wait b/c', 'end end End'],
    edges: ['start → /do/0/a', '/do/0/a → /do/1/b~1c', '/do/1/b~1c → end']
  })
  t.same(await drawn('  []'), { nodes: ['start start Start', 'end end End'], edges: ['start → end'] })
})

t.test('directives and cases lead where they say', async (t) => {
  const { edges } = await drawn(`
- a: { switch: [{ one: { when: '.x', then: d } }, { two: { when: '.y', then: continue } }], then: end }
- b: { switch: [{ one: { when: '.x', then: exit } }, { otherwise: { then: a } }] }
- c: { set: { x: 1 }, then: b }
- d: { if: .x, set: { x: 1 }, then: a }
- e: { if: .x, raise: { error: { type: 'https://example.com/e', status: 400 } } }
- f: { raise: { error: { type: 'https://example.com/f', status: 400 } } }`)
  t.same(edges, [
    'start → /do/0/a',
    '/do/0/a → /do/3/d (one)', '/do/0/a → /do/1/b (two)', '/do/0/a → end (default)',
    '/do/1/b → end (one)', '/do/1/b → /do/0/a (otherwise)',
    '/do/2/c → /do/1/b',
    '/do/3/d → /do/0/a', '/do/3/d → /do/4/e (skipped)',
    '/do/4/e → /do/5/f (skipped)'
  ])
})

t.test('tasks within tasks are in groups', async (t) => {
  t.same(await drawn(`
- loop: { for: { in: .x }, do: [{ a: { set: { x: 1 } } }, { b: { set: { x: 1 }, then: end } }] }
- fork: { fork: { branches: [{ left: { do: [{ c: { set: { x: 1 }, then: exit } }] } }, { right: { wait: PT1S } }] } }
- try: { try: [{ d: { set: { x: 1 } } }, { e: { set: { x: 1 } } }], catch: { do: [{ f: { set: { x: 1 } } }] } }
- bare: { try: [{ g: { set: { x: 1 } } }], catch: {} }`), {
    nodes: [
      'start start Start',
      '/do/0/loop for loop', '/do/0/loop/do/0/a set a in /do/0/loop', '/do/0/loop/do/1/b set b in /do/0/loop',
      '/do/1/fork fork fork', '/do/1/fork/fork/branches/0/left do left in /do/1/fork', '/do/1/fork/fork/branches/0/left/do/0/c set c in /do/1/fork/fork/branches/0/left',
      '/do/1/fork/fork/branches/1/right wait right in /do/1/fork',
      '/do/2/try try try', '/do/2/try/try/0/d set d in /do/2/try', '/do/2/try/try/1/e set e in /do/2/try', '/do/2/try/catch/do/0/f set f in /do/2/try',
      '/do/3/bare try bare', '/do/3/bare/try/0/g set g in /do/3/bare',
      'end end End'
    ],
    edges: [
      'start → /do/0/loop',
      '/do/0/loop/do/0/a → /do/0/loop/do/1/b', '/do/0/loop/do/1/b → end',
      '/do/0/loop → /do/1/fork', '/do/1/fork → /do/2/try',
      '/do/2/try/try/0/d → /do/2/try/try/1/e', '/do/2/try/try/1/e → /do/2/try/catch/do/0/f (error)',
      '/do/2/try → /do/3/bare', '/do/3/bare → end'
    ]
  })
})
