import { LOG_LEVELS, type LogLevel } from '@runcast/protocol'

const OTHER_NAMES: Readonly<Record<string, LogLevel>> = { warn: 'warning', err: 'error', fatal: 'critical' }

/** Reads the level of a payload, in any case; `info` for anything else. */
export function levelOf (value: unknown): LogLevel {
  if (typeof value !== 'string') return 'info'
  const name = value.toLowerCase()
  return LOG_LEVELS.find((level) => level === name) ?? (Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined) ?? 'info'
}

/** Tells whether a level is at least as severe as another. */
export function isAtLeast (level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least)
}
