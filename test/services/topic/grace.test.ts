import t from 'tap'
import { graceLeft, GraceTimer } from '../../../services/topic/grace.ts'
import { noFacts } from '../../../services/run-log/run-log.ts'
import { waitUntil } from '../../helpers/wait-until.ts'

/** The facts of a run whose terminal status came at 1,000 ms by the log's clock. */
const finished = (lastMs: number, now = lastMs) => ({ ...noFacts(now), exists: true, last: `${lastMs}-9`, terminalId: '1000-5', quietSince: lastMs })

t.test('the grace is over after a pause, at the latest after ten graces, and an unfinished run has none', async (t) => {
  t.equal(graceLeft(noFacts(5_000), 100), null)
  t.equal(graceLeft(finished(1_000), 100), 100)
  t.equal(graceLeft(finished(1_000, 1_070), 100), 30)
  t.equal(graceLeft(finished(1_000, 5_000), 100), 0)
  t.equal(graceLeft(finished(1_950), 100), 50, 'a straggler shortly before ten graces have passed')
  t.equal(graceLeft(finished(3_000), 100), 0)
  t.equal(graceLeft({ ...finished(1_070), quietSince: 1_000 }, 100), 30, 'a remark of the service does not count')
  t.equal(graceLeft(finished(9_000, 1_000), 100), 100, 'ids ahead of the clock')
})

t.test('the end is told once it is proved, and an event takes it back', async (t) => {
  let attempts = 0
  let ends = 0
  const timer = new GraceTimer(20, async () => ++attempts > 1, () => { ends++ })
  t.teardown(() => timer.stop())
  timer.learn(noFacts(0))
  t.notOk(timer.isOver)
  timer.noteEvent(finished(1_000))
  await waitUntil('the end is told', () => ends === 1)
  t.ok(timer.isOver)
  t.equal(attempts, 2, 'the first attempt proved nothing')
  timer.learn(finished(1_000))
  t.ok(timer.isOver, 'the log says nothing new')
  timer.noteEvent(finished(1_010))
  t.notOk(timer.isOver)
  await waitUntil('the end is told again', () => ends === 2)
})

t.test('ids that are ahead of the clock do not put the end off', async (t) => {
  let ends = 0
  const timer = new GraceTimer(20, async () => {
    timer.learn(finished(9_000, 1_000))
    return true
  }, () => { ends++ })
  t.teardown(() => timer.stop())
  timer.learn(finished(9_000, 1_000))
  await waitUntil('the end is told', () => ends === 1)
})

t.test('stragglers of a log whose clock stands still do not put the end off', async (t) => {
  let ends = 0
  const timer = new GraceTimer(10, async () => true, () => { ends++ })
  t.teardown(() => timer.stop())
  timer.noteEvent(finished(1_000))
  await waitUntil('the end is told while events go on', () => {
    if (ends === 0) timer.noteEvent(finished(1_000))
    return ends > 0
  })
})

t.test('a timer that was stopped tells nothing', async (t) => {
  let ends = 0
  const timer = new GraceTimer(0, async () => {
    timer.stop()
    return true
  }, () => { ends++ })
  let hasPassed = false
  const other = new GraceTimer(1, async () => true, () => { hasPassed = true })
  t.teardown(() => other.stop())
  timer.learn(finished(1_000))
  other.learn(finished(1_000))
  await waitUntil('as much time has passed', () => hasPassed)
  t.equal(ends, 0)
})
