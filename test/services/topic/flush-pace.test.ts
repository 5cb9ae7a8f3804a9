import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { FlushPace } from '../../../services/topic/flush-pace.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** A pace whose flushes take so long that it rests after each, if the lane has many followers. */
function slowPace (followers = 1_000) {
  const flushed = { times: 0 }
  const pace = new FlushPace(() => {
    flushed.times++
    const end = performance.now() + 25
    while (performance.now() < end);
  }, () => followers)
  return { pace, flushed }
}

t.test('what is queued in one turn is flushed once, in the next', async (t) => {
  const { pace, flushed } = slowPace()
  pace.want(1)
  pace.want(2)
  t.equal(flushed.times, 0)
  await nextTurn()
  t.equal(flushed.times, 1)
})

t.test('after a long flush what comes is flushed without a rest once it is as much as the last time, and after it if it is less', async (t) => {
  const { pace, flushed } = slowPace()
  pace.want(3)
  await nextTurn()
  pace.want(1)
  pace.want(2)
  await nextTurn()
  t.equal(flushed.times, 2)
  pace.want(1)
  await waitUntil('the rest is over', () => flushed.times === 3)
})

t.test('a lane with few followers never rests', async (t) => {
  const { pace, flushed } = slowPace(2)
  pace.want(3)
  await nextTurn()
  pace.want(1)
  await nextTurn()
  t.equal(flushed.times, 2)
})

t.test('what is flushed at once, or cancelled, is not flushed again', async (t) => {
  const { pace, flushed } = slowPace()
  pace.want(1)
  pace.now()
  pace.want(1)
  pace.cancel()
  await nextTurn()
  await nextTurn()
  t.equal(flushed.times, 1)
})
