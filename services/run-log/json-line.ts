/** The characters that no line of JSON may hold as they are. */
const UNWANTED = /[\r\n\0\u0085\u2028\u2029]/
const LINE_BREAK = /[\r\n\0]/

/** The characters that JSON permits in a string, and at which readers such as Python's `splitlines` end a line. */
const SEPARATOR = /[\u0085\u2028\u2029]/g

/**
 * Makes JSON text one line for every reader: separators of lines are escaped. The value stays the same.
 *
 * @throws RangeError when the text holds a line break or NUL
 */
export function jsonLine (json: string): string {
  if (!UNWANTED.test(json)) return json
  if (LINE_BREAK.test(json)) throw new RangeError('a line of JSON holds a line break')
  return json.replace(SEPARATOR, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
