import { fieldOf } from './field.ts'

/**
 * The message of an error of any shape, as pages and `tail` show it; null without one.
 *
 * @param jsonOf writes an error that has no message
 * @see https://www.rfc-editor.org/rfc/rfc9457#section-3.1 for `detail` and `title`
 */
export function errorText (error: unknown, jsonOf: (error: unknown) => string = JSON.stringify): string | null {
  if (error === undefined || error === null) return null
  if (typeof error === 'string') return error
  for (const name of ['message', 'detail', 'title']) {
    const text = fieldOf(error, name)
    if (typeof text === 'string') return text
  }
  return jsonOf(error)
}
