import type { TextStyle } from '../../format/terminal-text.ts'
import type { LogRow } from './log-rows.ts'

/** A stretch of a row's text that looks the same throughout. */
export interface Piece {
  readonly text: string
  readonly style: TextStyle | null
  readonly isHit: boolean
}

// What is typed is searched as it is.
const SPECIAL = /[.*+?^${}()|[\]\\]/g

/** Finds a text in any case, as often as it is there; null for nothing to search. Used with `test` on single rows only. */
export function searchPattern (query: string): RegExp | null {
  return query === '' ? null : new RegExp(query.replace(SPECIAL, '\\$&'), 'i')
}

/** A row's text in pieces of one style, with what a search hits in pieces of its own. */
export function piecesOf (row: LogRow, query: string): Piece[] {
  const spans = row.kind === 'line' && row.spans !== null ? row.spans : [{ text: row.text, style: null }]
  const pattern = searchPattern(query)
  if (pattern === null) return spans.map((span) => ({ ...span, isHit: false }))
  const edges = [...row.text.matchAll(new RegExp(pattern, 'gi'))].flatMap(({ index, 0: hit }) => [index, index + hit.length])
  const pieces: Piece[] = []
  let at = 0
  let edge = 0
  for (const { text, style } of spans) {
    const end = at + text.length
    while (at < end) {
      while ((edges[edge] ?? Infinity) <= at) edge++
      const stop = Math.min(end, edges[edge] ?? Infinity)
      pieces.push({ text: row.text.slice(at, stop), style, isHit: edge % 2 === 1 })
      at = stop
    }
  }
  return pieces
}
