import t from 'tap'
import { formatCount, formatNumberOf } from '../../../ui/src/format/count.ts'
import { formatDuration } from '../../../ui/src/format/duration.ts'
import { silenceText } from '../../../ui/src/format/silence.ts'
import { formatAgo } from '../../../ui/src/format/time.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

t.test('a length of time has its two largest units', async (t) => {
  const rows: [number, string][] = [
    [-5, '0s'], [0, '0s'], [0.4, '1ms'], [420, '420ms'], [1_000, '1s'], [59_999, '59s'],
    [MINUTE, '1m 00s'], [3 * MINUTE + 5_900, '3m 05s'], [HOUR - 1, '59m 59s'], [HOUR + 2 * MINUTE, '1h 02m'],
    [2 * DAY + 4 * HOUR, '2d 04h'], [100 * DAY, '100d 00h']
  ]
  for (const [ms, text] of rows) t.equal(formatDuration(ms), text)
})

t.test('a clock that ticks counts whole seconds', async (t) => {
  t.equal(formatDuration(420, true), '0s')
  t.equal(formatDuration(1_420, true), '1s')
})

t.test('a silence is told once it is worth it', async (t) => {
  for (const ms of [-5_000, 0, 20_000, 59_999]) t.equal(silenceText(ms), null)
  for (const [ms, text] of [[MINUTE, 'silent for 1 min'], [3 * MINUTE + 59_000, 'silent for 3 min'], [2 * HOUR, 'silent for 2 h'], [3 * DAY, 'silent for 3 d']] as const) t.equal(silenceText(ms), text)
})

t.test('the time since something is told in one unit', async (t) => {
  const now = Date.UTC(2026, 5, 15, 12)
  const rows: [number, string][] = [
    [-MINUTE, 'just now'], [59_000, 'just now'], [MINUTE, '1 min ago'], [59 * MINUTE, '59 min ago'],
    [HOUR, '1 h ago'], [DAY, '1 d ago'], [6 * DAY, '6 d ago']
  ]
  for (const [ago, text] of rows) t.equal(formatAgo(now - ago, now), text)
  t.match(formatAgo(now - 30 * DAY, now), /^1[56] May$/, 'in this year the day is enough')
  t.match(formatAgo(now - 365 * DAY, now), /^1[56] Jun 2025$/)
})

t.test('numbers have their thousands set apart and their noun in the right number', async (t) => {
  t.equal(formatCount(1_234_567), '1,234,567')
  t.equal(formatNumberOf(1, 'run'), '1 run')
  t.equal(formatNumberOf(0, 'run'), '0 runs')
  t.equal(formatNumberOf(2_000, 'entry', 'entries'), '2,000 entries')
})
