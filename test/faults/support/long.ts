import t from 'tap'

const isLong = process.env['FAULTS'] === 'long'

// A long scenario takes more time than a file of tests otherwise has.
if (isLong) t.setTimeout(3_600_000)

/** Chooses the size of a scenario: the first in CI, the second when FAULTS=long is set. */
export function long<T> (inShort: T, inLong: T): T {
  return isLong ? inLong : inShort
}
