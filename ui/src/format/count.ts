const COUNT = new Intl.NumberFormat('en')

/** A number with separated thousands: `12,345`. */
export function formatCount (count: number): string {
  return COUNT.format(count)
}

/** A number and its noun: `1 run`, `12,345 runs`. */
export function formatNumberOf (count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
