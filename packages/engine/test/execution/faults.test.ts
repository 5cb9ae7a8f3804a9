import { test } from 'tap'
import { ends, logLines, startEngine, workflow } from '../support/engine.ts'

const RAISE = (status: number) => `{ raise: { error: { type: https://example.com/no, status: ${status}, title: No, detail: '\${ "because of " + (.reason // "nothing") }' } } }`

test('errors are raised and caught', async (t) => {
  const { run } = await startEngine(t)
  await t.test('an uncaught error fails the run', async (t) => {
    const ended = await run(workflow(`- fault: ${RAISE(418)}`), { reason: 'tea' })
    t.equal(ended.status, 'failed')
    t.strictSame(ended.error, { type: 'https://example.com/no', status: 418, title: 'No', detail: 'because of tea', instance: '/do/0/fault' })
    t.strictSame(ends(ended.events), ['/do/0/fault failed'])
  })

  await t.test('an error of the definition is raised by its name', async (t) => {
    const ended = await run(workflow(`
      use: { errors: { mine: { type: https://example.com/mine, status: 400, title: Mine, instance: /elsewhere } } }
      do: [ { fault: { raise: { error: mine } } } ]`))
    t.strictSame(ended.error, { type: 'https://example.com/mine', status: 400, title: 'Mine', instance: '/elsewhere' })
  })

  await t.test('a caught error is a variable of the handler', async (t) => {
    const ended = await run(workflow(`
      - attempt:
          try: [ { fault: ${RAISE(400)} } ]
          catch: { as: problem, errors: { with: { status: 400 } }, do: [ { handle: { set: { status: '\${ $problem.status }', at: '\${ $problem.instance }' } } } ] }`))
    t.strictSame(ended.output, { status: 400, at: '/do/0/attempt/try/0/fault' })
    t.strictSame(ends(ended.events), ['/do/0/attempt/try/0/fault failed', '/do/0/attempt/catch/do/0/handle succeeded', '/do/0/attempt succeeded'])
  })

  await t.test('an error is caught by all of its fields', async (t) => {
    const ended = await run(workflow(`
      - attempt:
          try: [ { fault: ${RAISE(400)} } ]
          catch: { errors: { with: { type: https://example.com/no, status: 400, title: No, details: because of nothing, instance: /do/0/attempt/try/0/fault } }, do: [ { handle: { set: handled } } ] }`))
    t.equal(ended.output, 'handled')
  })

  await t.test('a caught error without a handler leaves the input', async (t) => {
    const ended = await run(workflow(`- attempt: { try: [ { change: { set: 1 } }, { fault: ${RAISE(400)} } ], catch: {} }`), { kept: true })
    t.strictSame(ended.output, { kept: true })
  })

  for (const [reason, clause] of [
    ['its status', 'errors: { with: { status: 404 } }'],
    ['its detail', 'errors: { with: { details: because of something } }'],
    ['its type', 'errors: { with: { type: https://example.com/other } }'],
    ['a condition', 'when: $error.status == 404'],
    ['an exception', 'exceptWhen: $error.status == 400']
  ]) {
    await t.test(`an error is not caught because of ${reason}`, async (t) => {
      const ended = await run(workflow(`- attempt: { try: [ { fault: ${RAISE(400)} } ], catch: { ${clause}, do: [ { handle: { set: 1 } } ] } }`))
      t.equal(ended.status, 'failed')
      t.match(ended.error, { status: 400 })
    })
  }

  await t.test('a standard type is also caught by its former address', async (t) => {
    const ended = await run(workflow(`
      - attempt:
          try: [ { fault: { set: '\${ error("no") }' } } ]
          catch: { errors: { with: { type: https://serverlessworkflow.io/dsl/errors/types/expression } }, do: [ { handle: { set: handled } } ] }`))
    t.equal(ended.output, 'handled')
  })

  await t.test('a missing name is reported', async (t) => {
    const missing = { raise: 'raise: { error: none }', call: 'call: none', timeout: 'set: 1, timeout: none', then: 'set: 1, then: none' }
    for (const [place, task] of Object.entries(missing)) {
      const ended = await run(workflow(`- broken: { ${task} }`))
      t.match(ended.error, { type: /errors\/configuration$/, detail: /"none"/ }, place)
    }
  })

  await t.test('a secret that is not set fails the run before it begins', async (t) => {
    const ended = await run(workflow('use: { secrets: [ NOBODY_SETS_THIS ] }\ndo: [ { never: { set: 1 } } ]'))
    t.match(ended.error, { type: /errors\/authorization$/, status: 403, detail: /NOBODY_SETS_THIS/ })
    t.strictSame(ends(ended.events), [])
  })
})

test('a failure that nobody awaits any more harms nothing', async (t) => {
  const { run, store } = await startEngine(t)
  const save = store.save.bind(store)
  store.save = async (...saved) => {
    // Long enough for the other branch to fail.
    await new Promise((resolve) => setImmediate(resolve))
    await save(...saved)
  }
  const ended = await run(workflow(`
    - both:
        fork:
          branches:
            - fails: { raise: { error: { type: https://example.com/e, status: 500 } } }
            - other: { wait: '\${ error("nobody hears this") }' }`))
  t.match(ended.error, { type: 'https://example.com/e' })
})

test('failed tasks are tried again', async (t) => {
  const { run } = await startEngine(t)
  const flaky = (policy: string, succeedsAt: number, rest = '') => workflow(`
    - attempt:
        try:
          - count: { set: null, export: { as: '{ count: (($context.count // 0) + 1) }' } }
          - check: { switch: [ { enough: { when: '$context.count >= ${succeedsAt}', then: exit } } ] }
          - fault: ${RAISE(503)}
        catch: { retry: { ${policy} }${rest} }
    - done: { set: '\${ $context.count }' }`)

  await t.test('until they succeed, and each attempt has its number', async (t) => {
    const ended = await run(flaky('delay: { milliseconds: 5 }, backoff: { exponential: {} }, limit: { attempt: { count: 5 } }', 3))
    t.equal(ended.output, 3)
    const attempts = ended.events.filter(({ data }) => data['step'] === '/do/0/attempt/try/0/count' && data['status'] === 'succeeded').map(({ data }) => data['attempt'])
    t.strictSame(attempts, [1, 2, 3])
    t.equal(logLines(ended.events).filter((line) => /^Attempt [12] failed/.test(line)).length, 2)
  })

  await t.test('as often as the policy allows', async (t) => {
    const ended = await run(flaky('limit: { attempt: { count: 2 } }', 9))
    t.match(ended.error, { status: 503 })
    t.equal(ends(ended.events).filter((end) => end.endsWith('/fault failed')).length, 3)
  })

  await t.test('by a shared policy, by any name of the error', async (t) => {
    const ended = await run(workflow(`
      use: { retries: { shared: { when: $error.status == 503, exceptWhen: $error.status == 500, limit: { attempt: { count: 2 } } } } }
      do: [ { attempt: { try: [ { fault: ${RAISE(503)} } ], catch: { as: problem, when: $problem.status == 503, retry: shared } } } ]`))
    t.match(ended.error, { status: 503 })
    t.equal(ends(ended.events).filter((end) => end.endsWith('/fault failed')).length, 3)
  })

  await t.test('and are handled when it allows no more', async (t) => {
    const ended = await run(flaky('limit: { attempt: { count: 1 } }', 9, ', do: [ { handle: { set: handled } } ]'))
    t.equal(ended.output, 2)
    t.ok(ends(ended.events).includes('/do/0/attempt/catch/do/0/handle succeeded'))
  })

  await t.test('not when the policy excepts the error', async (t) => {
    const ended = await run(flaky('exceptWhen: $error.status == 503', 9))
    t.equal(ends(ended.events).filter((end) => end.endsWith('/fault failed')).length, 1)
  })

  await t.test('not longer than the policy allows', async (t) => {
    const ended = await run(flaky('delay: PT1H, jitter: { from: PT1S, to: PT2S }, limit: { duration: PT1M }', 9))
    t.match(ended.error, { status: 503 })
  })

  await t.test('an attempt that takes too long fails', async (t) => {
    const ended = await run(workflow(`
      use: { retries: { short: { limit: { attempt: { count: 1, duration: { milliseconds: 40 } } } } } }
      do: [ { attempt: { try: [ { rest: { wait: PT1H } } ], catch: { retry: short } } } ]`))
    t.match(ended.error, { type: /errors\/timeout$/, detail: /attempt took longer than 40 ms/ })
    t.strictSame(ends(ended.events), ['/do/0/attempt/try/0/rest cancelled', '/do/0/attempt/try/0/rest cancelled', '/do/0/attempt failed'])
  })
})

test('time limits', async (t) => {
  const { run } = await startEngine(t)
  await t.test('a task that takes too long fails, and its tasks are cancelled', async (t) => {
    const ended = await run(workflow(`
      use: { timeouts: { short: { after: '\${ .limit }' } } }
      do: [ { limited: { timeout: short, do: [ { rest: { wait: PT1H } } ] } } ]`), { limit: 'PT0.05S' })
    t.match(ended.error, { type: /errors\/timeout$/, status: 408, instance: '/do/0/limited' })
    t.strictSame(ends(ended.events), ['/do/0/limited/do/0/rest cancelled', '/do/0/limited failed'])
  })

  await t.test('the time limit of a task can be caught around it, not within', async (t) => {
    const ended = await run(workflow(`
      - outer:
          try: [ { limited: { timeout: { after: { milliseconds: 50 } }, try: [ { rest: { wait: PT1H } } ], catch: { do: [ { inner: { set: inner } } ] } } } ]
          catch: { errors: { with: { status: 408 } }, do: [ { handle: { set: outer } } ] }`))
    t.equal(ended.output, 'outer')
  })

  await t.test('a run that takes too long fails', async (t) => {
    const ended = await run(workflow('timeout: { after: { milliseconds: 50 } }\ndo: [ { rest: { wait: PT1H } } ]'))
    t.match(ended.error, { type: /errors\/timeout$/, instance: '', detail: /run took longer than 50 ms/ })
  })

  await t.test('a program that never ends does not hold the run up for ever', async (t) => {
    const ended = await run(workflow('- endless: { timeout: { after: PT0.1S }, set: "${ [ limit(100000000; repeat(1)) ] | length }" }'))
    t.match(ended.error, { type: /errors\/timeout$/ })
  })

  await t.test('a text that is no duration is reported', async (t) => {
    const ended = await run(workflow('- rest: { wait: soon }'))
    t.match(ended.error, { type: /errors\/expression$/, detail: /"soon" is no duration/ })
  })
})
