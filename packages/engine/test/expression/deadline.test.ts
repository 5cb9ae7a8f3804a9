import t from 'tap'
import { createEvaluator } from '../../src/expression/jq-evaluator.ts'

const NOTHING = { input: null, variables: {} }

t.test('a program that never ends is stopped, and the programs behind it have their values', async (t) => {
  const evaluator = createEvaluator({ deadlineMs: 3_000, maxOutputBytes: 1_000 })
  t.teardown(() => evaluator.close())
  const endless = ['until(false; .)', '[repeat(1) | select(. > 1)]'].map((program) => evaluator.evaluate(program, NOTHING, 'expression'))
  const others = Array.from({ length: 20 }, (_, index) => evaluator.evaluate(`\${ ${index} + 1 }`, NOTHING))
  for (const result of await Promise.allSettled(endless)) {
    t.match(result, { status: 'rejected', reason: { name: 'ExpressionError', message: 'It was stopped, as it took longer than 3000 ms.' } })
  }
  t.same(await Promise.all(others), Array.from({ length: 20 }, (_, index) => index + 1))
})

t.test('closing fails evaluations under way and waiting ones', async (t) => {
  const evaluator = createEvaluator({ deadlineMs: 60_000, maxOutputBytes: 1_000 })
  t.equal(await evaluator.evaluate('1', NOTHING, 'expression'), 1)
  const results = Promise.allSettled(['until(false; .)', '1'].map((program) => evaluator.evaluate(program, NOTHING, 'expression')))
  await new Promise(setImmediate)
  await evaluator.close()
  for (const result of await results) t.match(result, { status: 'rejected', reason: { name: 'ExpressionError', message: /the thread that evaluates expressions ended/ } })
  await t.rejects(evaluator.check([{ program: '1', variables: [] }]), { message: 'The worker is closed.' })
})

t.test('an evaluator that is not closed does not keep its process', async (t) => {
  const evaluator = createEvaluator({ deadlineMs: 60_000, maxOutputBytes: 1_000 })
  t.equal(await evaluator.evaluate('1', NOTHING, 'expression'), 1)
})
