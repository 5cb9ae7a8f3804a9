/** The levels of a `log` event, from the least to the most severe. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const

/** One of the levels of a `log` event. */
export type LogLevel = typeof LOG_LEVELS[number]

/** The rank of a level, 0 for `trace`, in any case; `warn` is read as `warning`. Null for a text that is no level. */
export function levelRank (level: string): number | null {
  const name = level.toLowerCase()
  const rank = LOG_LEVELS.findIndex((known) => known === (name === 'warn' ? 'warning' : name))
  return rank === -1 ? null : rank
}
