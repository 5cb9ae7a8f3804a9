import type { JsonObject } from './dsl.ts'

/** Whether a value of a definition, or any other that came from JSON, is an object and no array. */
export function isJsonObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
