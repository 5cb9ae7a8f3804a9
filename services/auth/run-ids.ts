/**
 * Compiles a token's `run_ids`.
 *
 * @param patterns exact run ids, or globs in which `*` stands for any characters, also none
 * @returns a function that tells whether a pattern matches a run id. No pattern can make it slow; an empty list matches nothing
 */
export function runIdMatcher (patterns: readonly string[]): (runId: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const globs = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'))
  return (runId) => exact.has(runId) || globs.some((pieces) => matchesPieces(runId, pieces))
}

/** The first occurrence of each piece is the right one, since only `*` stands between two pieces. */
function matchesPieces (text: string, pieces: readonly string[]): boolean {
  const head = pieces[0] ?? ''
  const tail = pieces[pieces.length - 1] ?? ''
  const end = text.length - tail.length
  if (!text.startsWith(head) || !text.endsWith(tail) || end < head.length) return false
  let position = head.length
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, position)
    if (found === -1) return false
    position = found + piece.length
  }
  return position <= end
}
