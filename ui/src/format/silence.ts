/** The silence after which it is told, in milliseconds: three of the times after which a publisher says that it lives. */
const TOLD_AFTER_MS = 60_000

const UNITS: ReadonlyArray<readonly [ms: number, name: string]> = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min']]

/**
 * A silence in words, such as `silent for 3 min`.
 *
 * @param ms the time since a publisher was last heard, in milliseconds
 * @returns null for a silence that is not worth telling
 */
export function silenceText (ms: number): string | null {
  const unit = ms < TOLD_AFTER_MS ? undefined : UNITS.find(([length]) => ms >= length)
  return unit === undefined ? null : `silent for ${Math.floor(ms / unit[0])} ${unit[1]}`
}
