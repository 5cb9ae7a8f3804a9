/** Gives the known name that is the least number of letters away from a name; null when none is known. */
export function nearestName (name: string, known: readonly string[]): string | null {
  const distances = known.map((other) => distanceBetween(name.toLowerCase(), other.toLowerCase()))
  return known[distances.indexOf(Math.min(...distances))] ?? null
}

/** Counts the letters that are missing, too many, wrong, or exchanged with the next one. */
export function distanceBetween (a: string, b: string): number {
  let earlier: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const wrong = a[row - 1] === b[column - 1] ? 0 : 1
      let least = Math.min(cell(above, column) + 1, cell(current, column - 1) + 1, cell(above, column - 1) + wrong)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        least = Math.min(least, cell(earlier, column - 2) + 1)
      }
      current.push(least)
    }
    earlier = above
    above = current
  }
  return cell(above, b.length)
}

function cell (row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
