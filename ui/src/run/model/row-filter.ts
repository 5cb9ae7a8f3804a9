import type { LogLevel } from '@runcast/protocol'
import { isAtLeast } from './levels.ts'
import type { LogRow } from './log-rows.ts'

/** The filter of the log's rows. */
export interface RowFilter {
  /** Only rows of at least this level. */
  readonly level: LogLevel
  /** Only rows of this step and of the steps below it; null for all. */
  readonly step: string | null
}

/** Shows all rows. */
export const ALL_ROWS: RowFilter = { level: 'trace', step: null }

/** Tells whether a filter leaves nothing out. */
export function showsAll ({ level, step }: RowFilter): boolean {
  return level === 'trace' && step === null
}

/** Tells whether a filter shows a row. It always shows a gap. */
export function isShown (row: LogRow, { level, step }: RowFilter): boolean {
  if (row.kind === 'gap') return true
  return isAtLeast(row.level, level) && (step === null || (row.step !== null && isWithin(row.step, step)))
}

/** Tells whether a step is another one or lies below it. `/` and `.` separate the parts of a path. */
export function isWithin (step: string, other: string): boolean {
  return step === other || (step.startsWith(other) && /^[/.]/.test(step.slice(other.length)))
}
