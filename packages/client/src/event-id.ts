/** Whether an event lies at or before a cursor, by both parts of its id: one of another history is news. */
export function isAtOrBefore (id: string, cursor: string): boolean {
  const [ms = NaN, seq = NaN] = id.split('-').map(Number)
  const [cursorMs = NaN, cursorSeq = NaN] = cursor.split('-').map(Number)
  return ms <= cursorMs && seq <= cursorSeq
}
