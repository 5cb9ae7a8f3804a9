import type { Duration } from './dsl.ts'

const ISO_8601 = /^P(?=.)(?:(?<weeks>\d+(?:\.\d+)?)W)?(?:(?<days>\d+(?:\.\d+)?)D)?(?:T(?=.)(?:(?<hours>\d+(?:\.\d+)?)H)?(?:(?<minutes>\d+(?:\.\d+)?)M)?(?:(?<seconds>\d+(?:\.\d+)?)S)?)?$/

const MS = { weeks: 604_800_000, days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 } as const

/**
 * Gives the length of a duration of the DSL in milliseconds. Years and months are refused: their length varies.
 *
 * @throws RangeError when a text is no ISO 8601 duration
 */
export function durationMs (duration: Duration): number {
  if (typeof duration !== 'string') return sum(duration)
  const parts = ISO_8601.exec(duration)?.groups
  if (parts === undefined) throw new RangeError(`"${duration.slice(0, 100)}" is no duration: write one in ISO 8601, such as PT5S.`)
  return sum(Object.fromEntries(Object.entries(parts).map(([unit, text]) => [unit, Number(text ?? 0)])))
}

function sum (parts: { readonly [unit: string]: number }): number {
  return Object.entries(MS).reduce((ms, [unit, length]) => ms + (parts[unit] ?? 0) * length, 0)
}
