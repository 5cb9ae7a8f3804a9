/**
 * Compiles a token's `run_ids`.
 *
 * @param patterns exact run ids, or globs in which `*` stands for any characters, also none
 * @returns whether one of them matches a run id, in a time that no pattern can blow up; an empty list matches nothing
 */
export function runIdMatcher (patterns: readonly string[]): (runId: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')))
  const globs = patterns.filter((pattern) => pattern.includes('*')).map((pattern) => pattern.split('*'))
  return (runId) => exact.has(runId) || globs.some((pieces) => matchesPieces(runId, pieces))
}

/** Taking each piece where it first occurs is enough, since nothing but `*` stands between two pieces. */
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
