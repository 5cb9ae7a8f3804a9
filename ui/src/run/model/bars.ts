import type { StepLine } from './steps.ts'

/** The begin and the length of a bar, in percent of the time line. */
export interface Bar {
  readonly left: number
  readonly width: number
}

/** The stretch of time that a time line covers, in milliseconds since 1970. */
export interface Extent {
  readonly from: number
  readonly to: number
}

/** The stretch that all steps take, up to now while one of them runs. */
export function extentOf (lines: readonly StepLine[], now: number): Extent {
  const from = Math.min(...lines.map((line) => line.startedAt))
  const to = Math.max(...lines.map((line) => line.finishedAt ?? now))
  return { from, to: Math.max(to, from + 1) }
}

/** The bar of a step. */
export function barOf ({ startedAt, finishedAt }: StepLine, { from, to }: Extent, now: number): Bar {
  const percent = (time: number) => Math.min(100, Math.max(0, (time - from) / (to - from) * 100))
  const left = percent(startedAt)
  return { left, width: percent(finishedAt ?? now) - left }
}
