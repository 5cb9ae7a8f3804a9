import t from 'tap'
import { barOf, extentOf } from '../../../ui/src/run/model/bars.ts'
import { foldStep, stepLines, type Step } from '../../../ui/src/run/model/steps.ts'

const event = (seq: number, step: string | number, status: string, more: object = {}) =>
  ({ id: `${1000 * seq}-${seq}`, type: 'status_change', data: { step, status, ...more } })
const fold = (...events: Parameters<typeof foldStep>[1][]) => events.reduce<readonly Step[]>(foldStep, [])
const outline = (steps: readonly Step[]) => stepLines(steps).map(({ depth, label, status }) => `${'  '.repeat(depth)}${label} ${status}`)

t.test('a step keeps its first start; its name, its status and its end are the last', async (t) => {
  t.same(fold(event(1, 'build', 'Running', { name: 'Build' }), event(2, 'build', 'failed'), event(3, 'build', 'running'), event(4, 'build', 'succeeded')), [
    { step: 'build', name: 'Build', status: 'succeeded', outcome: 'succeeded', startedAt: 1000, finishedAt: 4000 }
  ])
  t.match(fold(event(1, 3, 'running')), [{ step: '3', finishedAt: null }])
})

t.test('a step that waits is shown as waiting, one with an unknown word as it is', async (t) => {
  const kinds = (...statuses: string[]) => stepLines(fold(...statuses.map((status, index) => event(index + 1, status, status)))).map(({ kind, finishedAt }) => [kind, finishedAt === null])
  t.same(kinds('waiting_for_approval', 'Compiling', 'crashed', 'skipped', 'killed'), [['waiting', true], ['other', true], ['failed', false], ['succeeded', false], ['cancelled', false]])
})

t.test('an event that is about no step changes nothing', async (t) => {
  const steps = fold(event(1, 'build', 'running'))
  t.equal(foldStep(steps, { id: '2-2', type: 'status_change', data: { status: 'failed' } }), steps)
  t.equal(foldStep(steps, { id: '2-2', type: 'log', data: { step: 'build', status: 'failed' } }), steps)
  t.equal(foldStep(steps, { id: '2-2', type: 'status_change', data: { step: 'build' } }), steps)
})

t.test('steps lie below their parents, in the order in which they first occur', async (t) => {
  t.same(outline(fold(
    event(1, 'checkout', 'succeeded'),
    event(2, 'build/compile', 'succeeded'),
    event(3, 'build/link', 'running'),
    event(4, 'build', 'running'),
    event(5, 'test.unit.fast', 'failed'),
    event(6, 'test.unit.slow', 'running')
  )), [
    'checkout succeeded',
    'build running',
    '  compile succeeded',
    '  link running',
    'test running',
    '  unit running',
    '    fast failed',
    '    slow running'
  ])
})

t.test('a beginning that only one step has gets no line of its own', async (t) => {
  t.same(outline(fold(event(1, 'v1.2', 'running'), event(2, 'a/b/c', 'running'))), ['v1.2 running', 'a/b/c running'])
})

t.test('a shared path fails with one of its steps, and takes as long as all of them', async (t) => {
  const [group] = stepLines(fold(event(1, 'a/x', 'succeeded'), event(2, 'a/y', 'running'), event(5, 'a/y', 'failed')))
  t.match(group, { label: 'a', kind: 'failed', startedAt: 1000, finishedAt: 5000 })
})

t.test('bars show the begin and the length of steps; running ones reach to now', async (t) => {
  const lines = stepLines(fold(event(1, 'a', 'running'), event(2, 'a', 'succeeded'), event(3, 'b', 'running')))
  const extent = extentOf(lines, 5000)
  t.same(extent, { from: 1000, to: 5000 })
  t.same(lines.map((line) => barOf(line, extent, 5000)), [{ left: 0, width: 25 }, { left: 50, width: 50 }])
  const instant = stepLines(fold(event(1, 'a', 'succeeded')))
  t.same(instant.map((line) => barOf(line, extentOf(instant, 1000), 1000)), [{ left: 0, width: 0 }])
})
