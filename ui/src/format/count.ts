const COUNT = new Intl.NumberFormat('en')

/** A number with its thousands set apart: `12,345`. */
export function formatCount (count: number): string {
  return COUNT.format(count)
}

/** A number of things: `1 run`, `12,345 runs`. */
export function formatNumberOf (count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
