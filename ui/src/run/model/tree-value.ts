import { isRecord } from './records.ts'

// A browser takes noticeable time to lay out a longer list at once.
const MAX_ITEMS = 200

/** A value for a tree. Long lists are divided into stretches that are opened one by one. */
export function treeValue (value: unknown): unknown {
  if (Array.isArray(value)) {
    const items: unknown[] = value
    return items.length <= MAX_ITEMS ? items.map(treeValue) : stretches(items.map((item, index) => [String(index), item]), (parts) => parts.map(([, item]) => treeValue(item)))
  }
  if (!isRecord(value)) return value
  const entries = Object.entries(value)
  return entries.length <= MAX_ITEMS ? treeOf(entries) : stretches(entries, treeOf)
}

function treeOf (entries: ReadonlyArray<[string, unknown]>): unknown {
  return Object.fromEntries(entries.map(([name, item]) => [name, treeValue(item)]))
}

/** Divides items into stretches that are named by their first and last. Too many stretches are divided again. */
function stretches (entries: ReadonlyArray<[string, unknown]>, partOf: (entries: ReadonlyArray<[string, unknown]>) => unknown): unknown {
  let size = MAX_ITEMS
  while (entries.length / size > MAX_ITEMS) size *= MAX_ITEMS
  const starts = Array.from({ length: Math.ceil(entries.length / size) }, (_, index) => index * size)
  return Object.fromEntries(starts.map((start) => {
    const part = entries.slice(start, start + size)
    return [`${part[0]?.[0]} … ${part.at(-1)?.[0]}`, part.length > MAX_ITEMS ? stretches(part, partOf) : partOf(part)]
  }))
}
