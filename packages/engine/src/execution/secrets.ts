import type { Json, JsonObject } from '../json.ts'
import { taskError } from './problem.ts'

/**
 * Reads the secrets that a definition names from the environment variables of the same names. A text that is an object
 * in JSON becomes that object, so that `$secrets.database.password` works.
 *
 * @throws TaskError `authorization` when one is not set
 */
export function readSecrets (names: readonly string[], environment: { readonly [name: string]: string | undefined }): JsonObject {
  const missing = names.filter((name) => environment[name] === undefined)
  if (missing.length > 0) {
    throw taskError('authorization', `The secrets ${missing.join(', ')} are not set: the operator of the engine sets them as environment variables.`)
  }
  return Object.fromEntries(names.map((name) => [name, valueOf(environment[name] ?? '')]))
}

function valueOf (text: string): Json {
  if (!text.trimStart().startsWith('{')) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Lists every text and number in a value, at any depth. */
export function leafTexts (value: Json): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(leafTexts)
}
