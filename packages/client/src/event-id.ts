/** Whether an event lies at or before a cursor, by both parts of its id: one of another history is news. */
export function isAtOrBefore (id: string, cursor: string): boolean {
  return msOf(id) <= msOf(cursor) && seqOf(id) <= seqOf(cursor)
}

/** When an event was stored, in milliseconds since 1970. */
export function msOf (id: string): number {
  return Number.parseInt(id, 10)
}

function seqOf (id: string): number {
  return Number(id.split('-')[1])
}
