/** The levels of a log line, from the least to the most severe. */
export const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const

/** One of the levels of a log line. */
export type Level = typeof LEVELS[number]

const OTHER_NAMES: Readonly<Record<string, Level>> = { warn: 'warning', err: 'error', fatal: 'critical' }

/** Reads what a payload gives as its level, in any case; `info` for what is none. */
export function levelOf (value: unknown): Level {
  if (typeof value !== 'string') return 'info'
  const name = value.toLowerCase()
  return LEVELS.find((level) => level === name) ?? (Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined) ?? 'info'
}

/** Whether a level is at least as severe as another. */
export function isAtLeast (level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least)
}
