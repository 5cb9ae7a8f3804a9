import { jsonText, parseJson } from '../../json/exact-json.ts'
import { plotOf, plotOfPreviews, type Plot } from './plots.ts'
import type { Preview } from './previews.ts'
import { tableOf, type RecordTable } from './records.ts'

/** A way to look at a result. */
export type ResultView =
  | { readonly kind: 'image', readonly url: string }
  | { readonly kind: 'markdown', readonly text: string }
  | { readonly kind: 'plot', readonly plot: Plot }
  | { readonly kind: 'table', readonly table: RecordTable }
  | { readonly kind: 'tree', readonly value: object }
  | { readonly kind: 'text', readonly text: string }

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/
const IMAGE_TYPES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp', 'image/svg+xml'])

/**
 * The ways to look at a preview, the best first.
 *
 * @param before the earlier previews of the same step, whose numbers are plotted with its own
 */
export function viewsOf (preview: Preview, before: readonly Preview[]): ResultView[] {
  const { mediaType, content } = preview
  if (mediaType !== null && IMAGE_TYPES.has(mediaType)) {
    const url = imageUrl(mediaType, content)
    if (url !== null) return [{ kind: 'image', url }]
  }
  if (mediaType === 'text/markdown' && typeof content === 'string') return [{ kind: 'markdown', text: content }, { kind: 'text', text: content }]
  const value = isJson(mediaType) && typeof content === 'string' ? parsed(content) : content
  return viewsOfValue(value, plotOfPreviews([...before, preview]))
}

/** A result as text, to be compared with others. */
export function textOf ({ content }: Preview): string {
  return typeof content === 'string' ? content : jsonText(content, 2)
}

function viewsOfValue (value: unknown, readings: Plot | null): ResultView[] {
  const plot = plotOf(value) ?? readings
  const table = tableOf(value)
  const isTree = typeof value === 'object' && value !== null
  return [
    ...(plot === null ? [] : [{ kind: 'plot' as const, plot }]),
    ...(table === null ? [] : [{ kind: 'table' as const, table }]),
    ...(isTree ? [{ kind: 'tree' as const, value }] : []),
    { kind: 'text', text: typeof value === 'string' ? value : jsonText(value, 2) }
  ]
}

function isJson (mediaType: string | null): boolean {
  return mediaType !== null && (mediaType === 'application/json' || mediaType.endsWith('+json'))
}

function parsed (text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

/** The content of an image as a data: address, which loads nothing; null when it is no image. */
function imageUrl (mediaType: string, content: unknown): string | null {
  if (typeof content !== 'string') return null
  if (mediaType === 'image/svg+xml' && content.trimStart().startsWith('<')) return `data:${mediaType},${encodeURIComponent(content)}`
  const data = content.startsWith(`data:${mediaType};base64,`) ? content.slice(content.indexOf(',') + 1) : content
  return BASE64.test(data) ? `data:${mediaType};base64,${data.replace(/\s+/g, '')}` : null
}
