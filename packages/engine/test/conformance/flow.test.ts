import t from 'tap'
import { startConformance, taskNames } from './scenario.ts'

// The scenarios without calls of https://github.com/serverlessworkflow/specification/tree/main/ctk/features, by their names.

const { execute } = await startConformance(t)

/** Writes a task that adds a color to the colors of its input. */
function add (color: string, more = ''): string {
  return `{ set: { colors: '\${ .colors + [ "${color}" ] }' }${more} }`
}

t.test('branch: Fork Task With Competing Concurrent Sub Tasks', async (t) => {
  const { status, output } = await execute(`
do:
  - branchWithCompete:
      fork:
        compete: true
        branches: [{ setRed: ${add('red')} }, { setGreen: ${add('green')} }, { setBlue: ${add('blue')} }]`)
  t.equal(status, 'succeeded')
  t.ok(['red', 'green', 'blue'].some((color) => JSON.stringify(output) === JSON.stringify({ colors: [color] })), JSON.stringify(output))
})

t.test('data-flow: Input Filtering', async (t) => {
  const { status, output } = await execute(`
do:
  - setPlayerId: { input: { from: .user.claims.subject }, set: { playerId: '\${ . }' } }`, { user: { claims: { subject: '6AsnRgGEB0q2O7ux9JXFAw' } } })
  t.equal(status, 'succeeded')
  t.same(output, { playerId: '6AsnRgGEB0q2O7ux9JXFAw' })
})

t.test('do: Task With Sequential Sub Tasks', async (t) => {
  const { status, output } = await execute(`
do:
  - compositeExample:
      do: [{ setRed: ${add('red')} }, { setGreen: ${add('green')} }, { setBlue: ${add('blue')} }]`)
  t.equal(status, 'succeeded')
  t.same(output, { colors: ['red', 'green', 'blue'] })
})

t.test('emit: Emit Task', async (t) => {
  const { status, output } = await execute(`
do:
  - emitEvent:
      emit:
        event:
          with:
            source: https://fake-source.com
            type: com.fake-source.user.greeted.v1
            data: { greetings: '\${ "Hello \\(.user.firstName) \\(.user.lastName)!" }' }`, { user: { firstName: 'John', lastName: 'Doe' } })
  t.equal(status, 'succeeded')
  t.match(output, {
    id: String,
    specversion: String,
    time: String,
    source: 'https://fake-source.com',
    type: 'com.fake-source.user.greeted.v1',
    data: { greetings: 'Hello John Doe!' }
  })
})

t.test('flow: Implicit Sequence Flow', async (t) => {
  const run = await execute(`do: [{ setRed: ${add('red')} }, { setGreen: ${add('green')} }, { setBlue: ${add('blue')} }]`)
  t.equal(run.status, 'succeeded')
  t.same(run.output, { colors: ['red', 'green', 'blue'] })
  t.same(taskNames(run), ['setRed', 'setGreen', 'setBlue'])
})

t.test('flow: Explicit Sequence Flow', async (t) => {
  const run = await execute(`do: [{ setRed: ${add('red', ', then: setGreen')} }, { setBlue: ${add('blue', ', then: end')} }, { setGreen: ${add('green', ', then: setBlue')} }]`)
  t.equal(run.status, 'succeeded')
  t.same(run.output, { colors: ['red', 'green', 'blue'] })
  t.same(taskNames(run), ['setRed', 'setGreen', 'setBlue'])
})

t.test('for: For Task', async (t) => {
  const { status, output } = await execute(`
do:
  - loopColors:
      for: { each: color, in: .colors }
      do:
        - markProcessed:
            set: { processed: '\${ { colors: (.processed.colors + [ $color ]), indexes: (.processed.indexes + [ $index ]) } }' }`, { colors: ['red', 'green', 'blue'] })
  t.equal(status, 'succeeded')
  t.same(output, { processed: { colors: ['red', 'green', 'blue'], indexes: [0, 1, 2] } })
})

t.test('raise: Raise task with inline error', async (t) => {
  const { status, error } = await execute(`
do:
  - raiseError:
      raise: { error: { status: 400, type: 'https://serverlessworkflow.io/errors/types/compliance', title: Compliance Error } }`)
  t.equal(status, 'failed')
  t.same(error, { status: 400, type: 'https://serverlessworkflow.io/errors/types/compliance', title: 'Compliance Error', instance: '/do/0/raiseError' })
})

t.test('set: Set Task', async (t) => {
  const configuration = { size: { width: 6, height: 6 }, fill: { red: 69, green: 69, blue: 69 } }
  const { status, output } = await execute(`
do:
  - setShape: { set: { shape: circle, size: '\${ .configuration.size }', fill: '\${ .configuration.fill }' } }`, { configuration })
  t.equal(status, 'succeeded')
  t.same(output, { shape: 'circle', ...configuration })
})

const CASES = ['red', 'green', 'blue'].map((color) => `{ ${color}: { when: '.color == "${color}"', then: set${color[0]?.toUpperCase()}${color.slice(1)} } }`).join(', ')

t.test('switch: Switch task with matching case', async (t) => {
  const run = await execute(`
do:
  - switchColor: { switch: [${CASES}] }
  - setRed: ${add('red', ', then: end')}
  - setGreen: ${add('green', ', then: end')}
  - setBlue: ${add('blue', ', then: end')}`, { color: 'red' })
  t.equal(run.status, 'succeeded')
  t.same(run.output, { colors: ['red'] })
  t.same(taskNames(run), ['switchColor', 'setRed'])
})

t.test('switch: Switch task with implicit default case', async (t) => {
  const run = await execute(`
do:
  - switchColor: { switch: [${CASES}], then: end }
  - setRed: ${add('red')}
  - setGreen: ${add('green')}
  - setBlue: ${add('blue')}`, { color: 'yellow' })
  t.equal(run.status, 'succeeded')
  t.same(run.output, { color: 'yellow' })
  t.same(taskNames(run), ['switchColor'])
})

t.test('switch: Switch task with explicit default case', async (t) => {
  const run = await execute(`
do:
  - switchColor: { switch: [${CASES}, { anyOtherColor: { then: setCustomColor } }] }
  - setRed: ${add('red')}
  - setGreen: ${add('green')}
  - setBlue: ${add('blue')}
  - setCustomColor: { set: { colors: '\${ .colors + [ $input.color ] }' } }`, { color: 'yellow' })
  t.equal(run.status, 'succeeded')
  t.same(run.output, { colors: ['yellow'] })
  t.same(taskNames(run), ['switchColor', 'setCustomColor'])
})
