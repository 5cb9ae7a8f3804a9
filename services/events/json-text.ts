// A scanner of our own: the payload must leave as its publisher's own text (2^60 stays 2^60), and JSON.parse keeps no text.
// The reviver's `source` of newer Node versions gives it for numbers and strings only, and calls back once per value.

/** One JSON value as it stands in a text. */
export interface RawValue {
  /** The value's own text. */
  readonly raw: string
  /** True if there is white space outside its strings. */
  readonly isSpaced: boolean
  /** The deepest nesting of arrays and objects in it; 0 for a scalar. */
  readonly depth: number
  /** The place in the text after the value. */
  readonly end: number
}

/** The reason for which a text could not be taken apart. */
export class JsonTextError extends Error {
  readonly fault: 'malformed' | 'too_deep'

  constructor (fault: 'malformed' | 'too_deep') {
    super(fault === 'malformed' ? 'The text is not valid JSON.' : 'The JSON is nested too deep.')
    this.name = 'JsonTextError'
    this.fault = fault
  }
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Finds one JSON value in a text, without recursion and in one pass. It only counts brackets; `JSON.parse(raw)` tells if
 * the value is valid.
 *
 * @param start the place where the value begins
 * @param maxDepth the deepest nesting of arrays and objects in it
 * @throws JsonTextError
 */
export function scanValue (text: string, start: number, maxDepth: number): RawValue {
  const first = text.charCodeAt(start)
  if (first === QUOTE) return { ...found(text, start, endOfString(text, start)), isSpaced: false, depth: 0 }
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return { ...found(text, start, endOfScalar(text, start)), isSpaced: false, depth: 0 }
  let open = 0
  let depth = 0
  let isSpaced = false
  let at = start
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
      continue
    }
    at++
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++open > maxDepth) throw new JsonTextError('too_deep')
      if (open > depth) depth = open
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (--open === 0) return { ...found(text, start, at), isSpaced, depth }
    } else if (isSpace(code)) {
      isSpaced = true
    }
  }
  throw new JsonTextError('malformed')
}

/** The text of a value without white space outside strings, in one line. */
export function compactText ({ raw, isSpaced }: RawValue): string {
  if (!isSpaced) return raw
  let compact = ''
  let copied = 0
  let at = 0
  while (at < raw.length) {
    const code = raw.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(raw, at)
    } else if (isSpace(code)) {
      compact += raw.slice(copied, at)
      at = copied = skipSpace(raw, at)
    } else {
      at++
    }
  }
  return compact + raw.slice(copied)
}

/**
 * Walks over a JSON object, member by member, in the order and number in which they stand.
 *
 * @param start the place of its opening brace
 * @param member called with the unescaped name and the place of the value of each member; gives the place after it
 * @returns the place after the closing brace
 * @throws JsonTextError, and the errors of `member`
 */
export function walkObject (text: string, start: number, member: (name: string, at: number) => number): number {
  return eachItem(text, start, OPEN_BRACE, CLOSE_BRACE, (at) => {
    if (text.charCodeAt(at) !== QUOTE) throw new JsonTextError('malformed')
    const endOfName = endOfString(text, at)
    const colon = skipSpace(text, endOfName)
    if (text.charCodeAt(colon) !== COLON) throw new JsonTextError('malformed')
    return member(parseString(text.slice(at, endOfName)), skipSpace(text, colon + 1))
  })
}

/**
 * Walks over a JSON array.
 *
 * @param start the place of its opening bracket
 * @param element called with the place of each element; gives the place after it
 * @returns the place after the closing bracket
 * @throws JsonTextError, and the errors of `element`
 */
export function walkArray (text: string, start: number, element: (at: number) => number): number {
  return eachItem(text, start, OPEN_BRACKET, CLOSE_BRACKET, element)
}

/** Finds the next place that is not JSON white space; the text's length when there is none. */
export function skipSpace (text: string, start: number): number {
  let at = start
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

function eachItem (text: string, start: number, open: number, close: number, item: (at: number) => number): number {
  if (text.charCodeAt(start) !== open) throw new JsonTextError('malformed')
  let at = skipSpace(text, start + 1)
  if (text.charCodeAt(at) === close) return at + 1
  for (;;) {
    at = skipSpace(text, item(at))
    const code = text.charCodeAt(at)
    if (code === close) return at + 1
    if (code !== COMMA) throw new JsonTextError('malformed')
    at = skipSpace(text, at + 1)
  }
}

function found (text: string, start: number, end: number) {
  return { raw: text.slice(start, end), end }
}

function parseString (raw: string): string {
  try {
    return String(JSON.parse(raw))
  } catch {
    throw new JsonTextError('malformed')
  }
}

/**
 * Finds the place after a string's closing quote: the first quote with an even number of backslashes before it.
 *
 * @throws JsonTextError
 */
export function endOfString (text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1
    while (text.charCodeAt(before) === BACKSLASH) before--
    if ((quote - before) % 2 === 1) return quote + 1
  }
  throw new JsonTextError('malformed')
}

function endOfScalar (text: string, start: number): number {
  let at = start
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at++
  if (at === start) throw new JsonTextError('malformed')
  return at
}

function endsScalar (code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || isSpace(code)
}

function isSpace (code: number): boolean {
  return code <= 0x20 && (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09)
}
