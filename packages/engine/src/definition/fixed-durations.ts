import { isJsonObject, type Json, type JsonObject } from '../json.ts'

/** A copy of a part in which every text that may be a duration is one: durations are checked elsewhere, as DSL 1.0.0 has no expressions in them. */
export function withFixedDurations (part: JsonObject): JsonObject {
  const { wait, timeout, catch: handler } = part
  return {
    ...part,
    ...wait !== undefined && { wait: fixed(wait) },
    ...timeout !== undefined && { timeout: fixed(timeout) },
    ...isJsonObject(handler) && handler['retry'] !== undefined && { catch: { ...handler, retry: fixed(handler['retry']) } }
  }
}

/** A copy of a value in which every text is a duration. */
export function fixed (value: Json): Json {
  if (typeof value === 'string') return 'PT1S'
  if (Array.isArray(value)) return value.map(fixed)
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fixed(item)])) : value
}
