import t from 'tap'
import { RuncastError } from '../dist/errors.js'
import { createReconnectPolicy } from '../dist/reconnect-policy.js'

/** Measures the longest of many waits after a number of failures, in milliseconds. */
function longestWait (failures: number, told?: number): number {
  const waits = Array.from({ length: 500 }, () => {
    const policy = createReconnectPolicy()
    if (told !== undefined) policy.retry(told)
    for (let failure = 0; failure < failures; failure++) policy.next(null)
    return policy.next(null).delayMs
  })
  return Math.max(...waits)
}

t.test('the waits grow with each failure, up to ten seconds and no further', async (t) => {
  t.ok(longestWait(0) <= 1_000)
  t.ok(longestWait(2) <= 4_000)
  const long = longestWait(50)
  t.ok(long > 9_000 && long <= 10_000, `${long} ms`)
})

t.test('a wait that the service asks for is kept, also beyond that', async (t) => {
  const policy = createReconnectPolicy()
  policy.retry(40_000)
  policy.received(true)
  t.equal(policy.next(null).delayMs, 40_000, 'the retry of its farewell')
  t.ok(longestWait(3, 60_000) > 10_000, 'its usual retry spreads the waits')
  const busy = new RuncastError('too_many_requests', 'Come back later.', { status: 429, retryAfterMs: 25_000 })
  t.equal(policy.next(busy).delayMs >= 25_000, true, 'its Retry-After')
})
