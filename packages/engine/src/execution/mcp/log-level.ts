import type { LogLevel } from '@runcast/client'

/**
 * Gives the level of a log event for a level of MCP.
 *
 * https://modelcontextprotocol.io/specification/2025-06-18/server/utilities/logging#log-levels
 */
export function logLevel (level: string): LogLevel {
  if (level === 'debug' || level === 'warning' || level === 'error') return level
  return level === 'critical' || level === 'alert' || level === 'emergency' ? 'critical' : 'info'
}
