import { fieldOf, msOf, seqOf } from '@runcast/protocol'
import { hasLongNumber, parseJson } from '../../json/exact-json.ts'
import { stepField, textField } from '../../json/fields.ts'
import type { SourceEvent } from './log-rows.ts'

/** A result_preview. */
export interface Preview {
  /** The event's id. */
  readonly id: string
  /** The time at which it was stored, in milliseconds since 1970. */
  readonly at: number
  /** '' for a preview of the run itself. */
  readonly step: string
  /** In lower case, without parameters; null when the publisher gave none. */
  readonly mediaType: string | null
  /** Tells whether it is the final result. */
  readonly isFinal: boolean
  readonly content: unknown
  /** The memory that it takes, roughly, in characters. */
  readonly size: number
}

// A run may show a result a second for days.
const MAX_PREVIEWS = 500
const MAX_SIZE = 16_000_000

/** Reads a result_preview; null when the event is none. */
export function previewOf (event: SourceEvent): Preview | null {
  if (event.type !== 'result_preview') return null
  const data = event.raw !== undefined && hasLongNumber(event.raw) ? parseJson(event.raw) : event.data
  const content = fieldOf(data, 'content')
  if (content === undefined) return null
  return {
    id: event.id,
    at: msOf(event.id),
    step: stepField(data) ?? '',
    mediaType: textField(data, 'media_type')?.toLowerCase().split(';', 1)[0]?.trim() ?? null,
    isFinal: fieldOf(data, 'final') === true,
    content,
    size: event.raw?.length ?? sizeOf(content)
  }
}

/** Adds previews, each once, in the order of their events. The oldest are dropped when there are too many. */
export function withPreviews (known: readonly Preview[], added: readonly Preview[]): readonly Preview[] {
  if (added.length === 0) return known
  const byId = new Map([...known, ...added].map((preview) => [preview.id, preview]))
  const sorted = [...byId.values()].sort((one, other) => seqOf(one.id) - seqOf(other.id))
  let size = 0
  const first = sorted.findLastIndex((preview, index) => {
    size += preview.size
    return size > MAX_SIZE || sorted.length - index > MAX_PREVIEWS
  })
  // The newest stays, however large it is.
  return sorted.slice(Math.min(first + 1, sorted.length - 1))
}

/** The steps that have previews, those with the newest first. */
export function stepsOf (previews: readonly Preview[]): string[] {
  return [...new Set(previews.map(({ step }) => step).reverse())]
}

function sizeOf (content: unknown): number {
  if (typeof content === 'string') return content.length
  if (typeof content !== 'object' || content === null) return 8
  return Object.values(content).reduce<number>((sum, value) => sum + 8 + sizeOf(value), 0)
}
