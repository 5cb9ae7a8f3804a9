import { MAX_JSON_DEPTH } from '@runcast/protocol'
import { STATUS_FIELDS } from '../run-log/effect.ts'
import { compactText, JsonTextError, scanValue, walkObject, type RawValue } from './json-text.ts'
import { mendJson } from './mend-json.ts'

/** The most bytes of each member that stays. */
const MAX_MEMBER_BYTES = 4_096

/** The members that engines fill with anything: a large one that is no text stays as the beginning of its JSON text. */
const OF_ANY_SHAPE: ReadonlySet<string> = new Set(['reason', 'error'])

/**
 * Makes the small payload that stands for a `status_change` which cannot be stored whole: a run's state must not depend
 * on its riders. The members of STATUS_FIELDS stay, each cut; `truncated` and `bytes`, the size of the payload as it
 * came, tell that there was more.
 *
 * @returns null when the payload has no status
 */
export function reduceStatusChange (payload: RawValue): Record<string, unknown> | null {
  const kept = new Map<string, unknown>()
  try {
    walkObject(payload.raw, 0, (name, at) => {
      const value = scanValue(payload.raw, at, Infinity)
      if (STATUS_FIELDS.has(name)) kept.set(name, smallValue(value, name))
      return value.end
    })
  } catch (error) {
    if (error instanceof JsonTextError) return null
    throw error
  }
  const status = kept.get('status')
  if (typeof status !== 'string' || status === '') return null
  const members = [...STATUS_FIELDS].flatMap((name) => kept.get(name) === undefined ? [] : [[name, kept.get(name)]])
  return { ...Object.fromEntries(members), truncated: true, bytes: Buffer.byteLength(payload.raw) }
}

/** The value of a member, cut to MAX_MEMBER_BYTES; undefined when it can neither be read nor be cut. */
function smallValue (value: RawValue, name: string): unknown {
  if (value.raw.startsWith('"')) {
    const text = parsed(value.raw)
    return typeof text === 'string' ? cutBytes(text) : undefined
  }
  const whole = value.depth < MAX_JSON_DEPTH && value.raw.length <= MAX_MEMBER_BYTES * 4 ? compactText(value) : null
  if (whole !== null && Buffer.byteLength(whole) <= MAX_MEMBER_BYTES) return parsed(value.raw)
  const message = name === 'error' && value.raw.startsWith('{') ? messageOf(value.raw) : undefined
  return message ?? (OF_ANY_SHAPE.has(name) ? cutBytes(compactText(value)) : undefined)
}

function messageOf (error: string): { message: string } | undefined {
  let message: unknown
  walkObject(error, 0, (name, at) => {
    const value = scanValue(error, at, Infinity)
    if (name === 'message' && value.raw.startsWith('"')) message = parsed(value.raw)
    return value.end
  })
  return typeof message === 'string' ? { message: cutBytes(message) } : undefined
}

function parsed (raw: string): unknown {
  try {
    return JSON.parse(mendJson(raw).text)
  } catch {
    return undefined
  }
}

const room = Buffer.alloc(MAX_MEMBER_BYTES)

/** The beginning of a text, in at most MAX_MEMBER_BYTES of whole characters of UTF-8. */
function cutBytes (text: string): string {
  const { written } = new TextEncoder().encodeInto(text, room)
  // Read from the bytes, since a slice of the text would keep the whole of it in memory.
  return room.toString('utf8', 0, written)
}
