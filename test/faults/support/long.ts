/** How much of something a scenario does: the first in CI, the second when FAULTS=long is set. */
export function long<T> (inShort: T, inLong: T): T {
  return process.env['FAULTS'] === 'long' ? inLong : inShort
}
