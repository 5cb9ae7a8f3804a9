import { test } from 'tap'
import { ends, startEngine, workflow } from '../support/engine.ts'

test('tasks follow each other as their directives say', async (t) => {
  const { run } = await startEngine(t)
  await t.test('in the order of the list', async (t) => {
    const ended = await run(workflow(`
      - red: { set: { colors: '\${ .colors + ["red"] }' } }
      - green: { set: { colors: '\${ .colors + ["green"] }' } }`))
    t.equal(ended.status, 'succeeded')
    t.strictSame(ended.output, { colors: ['red', 'green'] })
    t.strictSame(ends(ended.events), ['/do/0/red succeeded', '/do/1/green succeeded'])
  })

  await t.test('by names, also backwards', async (t) => {
    const ended = await run(workflow(`
      - red: { set: { colors: '\${ .colors + ["red"] }' }, then: green }
      - blue: { set: { colors: '\${ .colors + ["blue"] }' }, then: end }
      - green: { set: { colors: '\${ .colors + ["green"] }' }, then: blue }`))
    t.strictSame(ended.output, { colors: ['red', 'green', 'blue'] })
  })

  await t.test('a task that is visited again is executed again', async (t) => {
    const ended = await run(workflow(`
      - count: { set: '\${ . + 1 }' }
      - again: { switch: [ { more: { when: '. < 3', then: count } }, { enough: { then: end } } ] }
      - never: { set: 100 }`), 0)
    t.equal(ended.output, 3)
  })

  await t.test('exit ends the list, end the workflow', async (t) => {
    const ended = await run(workflow(`
      - first:
          do:
            - one: { set: 1, then: exit }
            - two: { set: 2 }
      - second:
          do:
            - three: { set: { before: '\${ . }' }, then: end }
            - four: { set: 4 }
      - third: { set: 5 }`))
    t.strictSame(ended.output, { before: 1 })
    t.strictSame(ends(ended.events), ['/do/0/first/do/0/one succeeded', '/do/0/first succeeded', '/do/1/second/do/0/three succeeded', '/do/1/second succeeded'])
  })

  await t.test('a task whose condition does not hold is skipped with its directive', async (t) => {
    const ended = await run(workflow(`
      - skipped: { if: .wanted, set: no, then: end }
      - next: { if: .wanted | not, set: { input: '\${ . }' } }`), { wanted: false })
    t.strictSame(ended.output, { input: { wanted: false } })
    t.strictSame(ends(ended.events), ['/do/0/skipped skipped', '/do/1/next succeeded'])
  })

  await t.test('a switch without a matching case goes on as the task says', async (t) => {
    const ended = await run(workflow(`
      - choose: { switch: [ { red: { when: '.color == "red"', then: end } } ], then: last }
      - never: { set: 1 }
      - last: { set: last }`), { color: 'blue' })
    t.equal(ended.output, 'last')
  })
})

test('data flows through input, output and export', async (t) => {
  const { run } = await startEngine(t)
  await t.test('transformed at each step', async (t) => {
    const ended = await run(workflow(`
      input: { from: .user }
      output: { as: '{ result: ., context: $context }' }
      do:
        - id:
            input: { from: .claims.subject }
            set: { id: '\${ . }', raw: '\${ $task.input.name }' }
            output: { as: { id: '\${ .id }', given: '\${ $input }', raw: '\${ .raw }' } }
            export: { as: '$context + { last: $output.id, task: $task.name, run: $workflow.input.user.name }' }`), { user: { name: 'Ada', claims: { subject: 7 } } })
    t.strictSame(ended.output, { result: { id: 7, given: 7, raw: 'Ada' }, context: { last: 7, task: 'id', run: 'Ada' } })
  })

  await t.test('a value that does not match its schema fails the task', async (t) => {
    for (const [part, subject] of [['input', 'input'], ['output', 'output'], ['export', 'exported context']]) {
      const as = part === 'export' ? ', as: .' : ''
      const ended = await run(workflow(`
        - checked: { set: '\${ . }', ${part}: { schema: { document: { type: object, required: [ name ] } }${as} } }`), { other: 1 })
      t.equal(ended.status, 'failed')
      t.match(ended.error, { type: /errors\/validation$/, status: 400, instance: '/do/0/checked' })
      t.match(ended.error?.['detail'], new RegExp(`The ${subject}.*name`))
    }
  })

  await t.test('an expression without a value fails the task', async (t) => {
    const ended = await run(workflow('- broken: { set: { value: "${ .a.b }" } }'), { a: 'text' })
    t.match(ended.error, { type: /errors\/expression$/, status: 400, instance: '/do/0/broken' })
    t.match(ended.error?.['detail'], /\.a\.b/)
  })

  await t.test('an output over the bound fails the task', async (t) => {
    const ended = await run(workflow(`
      - large: { set: '\${ [ range(300000) ] }' }`))
    t.match(ended.error, { type: /errors\/runtime$/, instance: '/do/0/large' })
    t.match(ended.error?.['detail'], /more than the 1048576/)
  })

  await t.test('a large output is cut in its event, with its true size', async (t) => {
    const ended = await run(workflow('- large: { set: "${ [ range(30000) ] }" }'))
    const preview = ended.events.find(({ type }) => type === 'result_preview')
    t.match(preview?.data, { truncated: true, media_type: 'text/plain', size: 168_891, step: '/do/0/large' })
    t.equal(String(preview?.data['content']).length, 65_536)
  })

  await t.test('the descriptors describe the run and the task', async (t) => {
    const ended = await run(workflow(`
      - told: { set: '\${ { id: $workflow.id, name: $workflow.definition.document.name, task: $task.reference, set: ($task.definition.set | type), runtime: $runtime.name, epoch: ($workflow.startedAt.epoch.milliseconds > 1700000000000) } }' }`))
    t.strictSame(ended.output, { id: ended.runId, name: 'example', task: '/do/0/told', set: 'string', runtime: 'runcast', epoch: true })
  })
})

test('composite tasks', async (t) => {
  const { run } = await startEngine(t)
  await t.test('a loop hands its output on from round to round, with item and index', async (t) => {
    const ended = await run(workflow(`
      - loop:
          for: { each: color, in: .colors }
          do:
            - mark: { set: { seen: '\${ .seen + [ { color: $color, index: $index } ] }' } }`), { colors: ['red', 'green'] })
    t.strictSame(ended.output, { seen: [{ color: 'red', index: 0 }, { color: 'green', index: 1 }] })
  })

  await t.test('a loop ends when its condition does not hold any more', async (t) => {
    const ended = await run(workflow(`
      - loop: { for: { in: '[ 1, 2, 3, 4 ]' }, while: '$item < 3', do: [ { add: { set: '\${ . + $item }' } } ] }`), 0)
    t.equal(ended.output, 3)
  })

  await t.test('a loop over a value that is no array fails', async (t) => {
    const ended = await run(workflow('- loop: { for: { in: .none }, do: [ { add: { set: 1 } } ] }'))
    t.match(ended.error, { type: /errors\/expression$/, detail: /must give an array/ })
  })

  await t.test('a fork gives the outputs of its branches in their order', async (t) => {
    const ended = await run(workflow(`
      - fork:
          fork:
            branches:
              - slow: { do: [ { rest: { wait: { milliseconds: 50 } } }, { one: { set: 1 } } ] }
              - fast: { set: 2 }`))
    t.strictSame(ended.output, [1, 2])
  })

  await t.test('the first of competing branches wins, the others are cancelled', async (t) => {
    const ended = await run(workflow(`
      - fork:
          fork:
            compete: true
            branches:
              - slow: { wait: PT1H }
              - failing: { raise: { error: { type: https://example.com/no, status: 400, title: No } } }
              - fast: { set: fast }`))
    t.equal(ended.output, 'fast')
    t.ok(ends(ended.events).includes('/do/0/fork/fork/branches/0/slow cancelled'))
  })

  await t.test('a branch that fails cancels the others and fails the fork', async (t) => {
    const ended = await run(workflow(`
      - fork:
          fork:
            branches:
              - slow: { wait: PT1H }
              - failing: { raise: { error: { type: https://example.com/no, status: 409, title: No } } }`))
    t.match(ended.error, { status: 409, instance: '/do/0/fork/fork/branches/1/failing' })
    t.ok(ends(ended.events).includes('/do/0/fork/fork/branches/0/slow cancelled'))
    t.ok(ends(ended.events).includes('/do/0/fork failed'))
  })

  await t.test('all exports of simultaneous branches are kept', async (t) => {
    const branches = Array.from({ length: 8 }, (_none, index) => `{ b${index}: { set: ${index}, export: { as: '$context + { b${index}: . }' } } }`)
    const ended = await run(workflow(`
      output: { as: '$context | keys | length' }
      do: [ { fork: { fork: { branches: [ ${branches.join(', ')} ] } } } ]`))
    t.equal(ended.output, 8)
  })

  await t.test('many branches are no cause for a warning', async (t) => {
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    const branches = Array.from({ length: 30 }, (_none, index) => `{ b${index}: { wait: { milliseconds: 20 } } }`)
    const ended = await run(workflow(`- fork: { fork: { branches: [ ${branches.join(', ')} ] } }`))
    process.off('warning', note)
    t.equal(ended.status, 'succeeded')
    t.strictSame(warnings, [])
  })

  await t.test('a function is called with the input that the caller adds', async (t) => {
    const ended = await run(workflow(`
      use:
        functions:
          greet: { input: { schema: { document: { required: [ who ] } } }, set: { text: '\${ "Hello " + .who }' } }
      do:
        - call: { call: greet, with: { who: '\${ .name }' } }`), { name: 'Ada' })
    t.strictSame(ended.output, { text: 'Hello Ada' })
    t.strictSame(ends(ended.events), ['/use/functions/greet succeeded', '/do/0/call succeeded'])
  })

  await t.test('a function can end the workflow', async (t) => {
    const ended = await run(workflow(`
      use: { functions: { last: { do: [ { stop: { set: stopped, then: end } }, { never: { set: never } } ] } } }
      do: [ { call: { call: last } }, { after: { set: after } } ]`))
    t.equal(ended.output, 'stopped')
    t.strictSame(ends(ended.events), ['/use/functions/last/do/0/stop succeeded', '/use/functions/last succeeded', '/do/0/call succeeded'])
  })
})
