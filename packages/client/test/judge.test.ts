import { test } from 'tap'
import { createJudge, RuncastError } from '../src/errors.ts'

test('where the service has never answered, the tenth answer of something else is final, unless it says that the service is away', (t) => {
  const gateway = new RuncastError('unexpected_answer', 'The answer is not from Runcast: 404 text/html nginx.', { status: 404 })
  const judge = createJudge()
  t.same(Array.from({ length: 10 }, () => judge.isTransient(gateway)), [...Array(9).fill(true), false])
  const known = createJudge()
  known.answered()
  t.ok(Array.from({ length: 100 }, () => known.isTransient(gateway)).every(Boolean))
  const away = createJudge()
  t.ok(Array.from({ length: 100 }, () => away.isTransient(new RuncastError('unexpected_answer', '', { status: 502 }))).every(Boolean))
  t.notOk(known.isTransient(new RuncastError('forbidden', 'The service answered 403.', { status: 403 })))
  t.end()
})
