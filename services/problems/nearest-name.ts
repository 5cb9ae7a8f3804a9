/** Gives the known name that is the least number of letters away from a name; null when none is known. */
export function nearestName (name: string, known: readonly string[]): string | null {
  const distances = known.map((other) => distanceBetween(name.toLowerCase(), other.toLowerCase()))
  return known[distances.indexOf(Math.min(...distances))] ?? null
}

/** Counts the letters that are missing, too many or wrong (Levenshtein). */
function distanceBetween (one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...one].entries()) {
    let left = row + 1
    const current = [left]
    for (let column = 1; column <= other.length; column++) {
      const diagonal = (above[column - 1] ?? 0) + (letter === other[column - 1] ? 0 : 1)
      left = Math.min(left + 1, (above[column] ?? 0) + 1, diagonal)
      current.push(left)
    }
    above = current
  }
  return above[other.length] ?? 0
}
