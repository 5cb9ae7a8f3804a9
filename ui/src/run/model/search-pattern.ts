import type { TextStyle } from '../../format/terminal-text.ts'
import type { LogRow } from './log-rows.ts'

/** A stretch of a row's text in one look. */
export interface Piece {
  readonly text: string
  readonly style: TextStyle | null
  readonly isHit: boolean
}

// A query is searched as it is typed.
const SPECIAL = /[.*+?^${}()|[\]\\]/g

/** Makes a pattern for a text in any case; null for no text. It has no state, so `test` can be used on any row. */
export function searchPattern (query: string): RegExp | null {
  return query === '' ? null : new RegExp(query.replace(SPECIAL, '\\$&'), 'i')
}

/** Divides a row's text at every change of style and at every hit. */
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
