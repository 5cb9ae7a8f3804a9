import { isJsonObject, type Json, type JsonObject } from '../json.ts'

/**
 * Copies a part with a plain duration for every text that may be one. DSL 1.0.0, the SDK's, has no expressions in
 * durations, so that they are checked elsewhere.
 */
export function withFixedDurations (part: JsonObject): JsonObject {
  const { wait, timeout, catch: handler } = part
  return {
    ...part,
    ...wait !== undefined && { wait: fixed(wait) },
    ...timeout !== undefined && { timeout: fixed(timeout) },
    ...isJsonObject(handler) && handler['retry'] !== undefined && { catch: { ...handler, retry: fixed(handler['retry']) } }
  }
}

/** Copies a value with a duration in place of every text. */
export function fixed (value: Json): Json {
  if (typeof value === 'string') return 'PT1S'
  if (Array.isArray(value)) return value.map(fixed)
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fixed(item)])) : value
}
