import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const WORKFLOWS = join(ROOT, '.github/workflows')

const workflows = readdirSync(WORKFLOWS).map((name) => ({ name, text: readFileSync(join(WORKFLOWS, name), 'utf8') }))

t.test('every action is pinned by its full commit, with its version beside it', async (t) => {
  for (const { name, text } of workflows) {
    const uses = [...text.matchAll(/\buses: *(.*)/g)].map(([, action = '']) => action)
    t.ok(uses.length > 0, name)
    for (const action of uses) t.match(action, /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  }
})

t.test('a workflow may only read, and leaves no credentials behind', async (t) => {
  for (const { name, text } of workflows) {
    t.match(text, /^permissions:\n {2}contents: read\n\n/m, name)
    t.notMatch(text, /: write\b/, name)
    t.equal(text.match(/uses: actions\/checkout@/g)?.length, text.match(/persist-credentials: false/g)?.length, name)
  }
})

t.test('the parts of the workflow are all the parts that .ci/run knows, but for the other Node, which is in its matrix', async (t) => {
  const { status, stderr } = spawnSync('sh', [join(ROOT, '.ci/run'), 'nonsense'], { encoding: 'utf8' })
  t.equal(status, 2)
  const [, known = ''] = /knows the parts ([\w ]+), not nonsense/.exec(stderr) ?? []
  const [, named = ''] = /\bpart: \[([\w, ]+)\]/.exec(readFileSync(join(WORKFLOWS, 'ci.yml'), 'utf8')) ?? []
  t.same(named.split(', '), known.split(' ').filter((part) => part !== 'node24'))
})
