// A number that a double can not hold to the last digit has at least this many.
const LONG_NUMBER = /\d{16}/

/** Tells whether a JSON text may have a number that JavaScript would round. */
export function hasLongNumber (text: string): boolean {
  return LONG_NUMBER.test(text)
}

/**
 * Parses JSON without rounding. An integer that a double can not hold becomes a BigInt in browsers that give
 * the source text of a number (Chromium 114, Firefox 135, Safari 18.4).
 *
 * @throws SyntaxError when the text is not JSON
 */
export function parseJson (text: string) {
  return hasLongNumber(text) ? JSON.parse(text, exact) : JSON.parse(text)
}

function exact (_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value
}

/** The JSON text of a value from `parseJson`. @param indent spaces per level; 0 for one line */
export function jsonText (value: unknown, indent = 0): string {
  return JSON.stringify(value, (_key, part: unknown) => typeof part === 'bigint' ? exactNumber(part) : part, indent) ?? ''
}

function exactNumber (value: bigint): unknown {
  const rawJson: unknown = Reflect.get(JSON, 'rawJSON')
  return typeof rawJson === 'function' ? rawJson(String(value)) : Number(value)
}
