import t from 'tap'

const isLong = process.env['FAULTS'] === 'long'

// Whoever does more takes longer than a file of tests may otherwise.
if (isLong) t.setTimeout(3_600_000)

/** How much of something a scenario does: the first in CI, the second when FAULTS=long is set. */
export function long<T> (inShort: T, inLong: T): T {
  return isLong ? inLong : inShort
}
