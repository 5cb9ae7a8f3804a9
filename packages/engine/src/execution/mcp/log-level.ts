import type { LogLevel } from '@runcast/client'

/**
 * The level of a log event for one of MCP.
 *
 * https://modelcontextprotocol.io/specification/2025-06-18/server/utilities/logging#log-levels
 */
export function logLevel (level: string): LogLevel {
  if (level === 'debug' || level === 'warning' || level === 'error') return level
  return level === 'critical' || level === 'alert' || level === 'emergency' ? 'critical' : 'info'
}
