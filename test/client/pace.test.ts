import t from 'tap'
import { RuncastError } from '../../packages/client/dist/errors.js'
import { createPace } from '../../packages/client/dist/pace.js'

/** The longest of many waits after so many failures, in milliseconds. */
function longestWait (failures: number, told?: number): number {
  const waits = Array.from({ length: 500 }, () => {
    const pace = createPace()
    if (told !== undefined) pace.told(told)
    for (let failure = 0; failure < failures; failure++) pace.next(null)
    return pace.next(null).delayMs
  })
  return Math.max(...waits)
}

t.test('the waits grow with each failure, up to ten seconds and no further', async (t) => {
  t.ok(longestWait(0) <= 1_000)
  t.ok(longestWait(2) <= 4_000)
  const long = longestWait(50)
  t.ok(long > 9_000 && long <= 10_000, `${long} ms`)
})

t.test('what the service asks for is waited, also beyond that', async (t) => {
  const pace = createPace()
  pace.told(40_000)
  pace.working(true)
  t.equal(pace.next(null).delayMs, 40_000, 'the retry of its farewell')
  t.ok(longestWait(3, 60_000) > 10_000, 'its usual retry spreads the waits')
  const busy = new RuncastError('too_many_requests', 'Come back later.', { status: 429, retryAfterMs: 25_000 })
  t.equal(pace.next(busy).delayMs >= 25_000, true, 'its Retry-After')
})
