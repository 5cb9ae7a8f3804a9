import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { FlushScheduler } from '../../../services/topic/flush-scheduler.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** A scheduler whose flushes take so long that it pauses after each, if the lane has many followers. */
function slowScheduler (followers = 1_000) {
  const flushed = { times: 0 }
  const scheduler = new FlushScheduler(() => {
    flushed.times++
    const end = performance.now() + 25
    while (performance.now() < end);
  }, () => followers)
  return { scheduler, flushed }
}

t.test('the events of one turn are flushed once, in the next', async (t) => {
  const { scheduler, flushed } = slowScheduler()
  scheduler.schedule(1)
  scheduler.schedule(2)
  t.equal(flushed.times, 0)
  await nextTurn()
  t.equal(flushed.times, 1)
})

t.test('a long flush is followed by a pause, which ends early once as many events have come as the last time', async (t) => {
  const { scheduler, flushed } = slowScheduler()
  scheduler.schedule(3)
  await nextTurn()
  scheduler.schedule(1)
  scheduler.schedule(2)
  await nextTurn()
  t.equal(flushed.times, 2)
  scheduler.schedule(1)
  await waitUntil('the pause is over', () => flushed.times === 3)
})

t.test('a lane with few followers never pauses', async (t) => {
  const { scheduler, flushed } = slowScheduler(2)
  scheduler.schedule(3)
  await nextTurn()
  scheduler.schedule(1)
  await nextTurn()
  t.equal(flushed.times, 2)
})

t.test('events that were flushed at once, or cancelled, are not flushed again', async (t) => {
  const { scheduler, flushed } = slowScheduler()
  scheduler.schedule(1)
  scheduler.now()
  scheduler.schedule(1)
  scheduler.cancel()
  await nextTurn()
  await nextTurn()
  t.equal(flushed.times, 1)
})
