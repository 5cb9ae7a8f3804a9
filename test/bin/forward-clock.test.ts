import t from 'tap'
import { createForwardClock } from '../../bin/forward-clock.ts'

t.test('a clock that is set back goes on from where it was, and one that is set forward is followed', async (t) => {
  const times = [1_000, 2_000, 500, 700, 5_000, 4_000]
  const clock = createForwardClock(() => times.shift() ?? 0)
  t.same(Array.from({ length: 6 }, clock).map((time) => Date.parse(time)), [1_000, 2_000, 2_000, 2_200, 6_500, 6_500])
})
