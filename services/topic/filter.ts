import { levelRank } from '@runcast/protocol'
import type { LogEvent } from '../run-log/run-log.ts'

/** A follower's choice of the events of a run. Followers whose filters have one key share the encoded bytes. */
export interface Filter {
  readonly key: string
  /** null for every type. */
  readonly types: ReadonlySet<string> | null
  /** The rank of the least level of `log` events that passes; null for every level. */
  readonly minLevel: number | null
}

/** The filter that every event passes. */
export const EVERYTHING: Filter = { key: '', types: null, minLevel: null }

/**
 * @param types the wanted types; null for all
 * @param minLevel the rank of the least wanted level; null for all
 */
export function createFilter (types: readonly string[] | null, minLevel: number | null): Filter {
  if (types === null && minLevel === null) return EVERYTHING
  const wanted = types === null ? null : [...new Set(types)].sort()
  return { key: `${wanted?.join(',') ?? ''}|${minLevel ?? ''}`, types: wanted === null ? null : new Set(wanted), minLevel }
}

/** True when an event passes a filter. A `log` event without a known level passes, as do other types. */
export function passes (filter: Filter, event: LogEvent): boolean {
  if (filter.types !== null && !filter.types.has(event.type)) return false
  if (filter.minLevel === null || event.type !== 'log') return true
  const rank = rankOf(event.data)
  return rank === null || rank >= filter.minLevel
}

function rankOf (data: string): number | null {
  const payload: unknown = JSON.parse(data)
  if (typeof payload !== 'object' || payload === null || !('level' in payload)) return null
  return typeof payload.level === 'string' ? levelRank(payload.level) : null
}
