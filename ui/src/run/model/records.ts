import { jsonText } from '../../json/exact-json.ts'

/** An array of records as a table. */
export interface RecordTable {
  /** The names of the fields, in the order in which they first occur. */
  readonly columns: readonly string[]
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>
  /** The number of columns that are left out. */
  readonly moreColumns: number
}

const MAX_COLUMNS = 50
const LOOKED_AT = 1_000

/** Reads an array of records; null when the value is none. */
export function tableOf (value: unknown): RecordTable | null {
  if (!Array.isArray(value) || value.length === 0) return null
  const rows: unknown[] = value
  if (!rows.every(isRecord)) return null
  const columns = new Set(rows.slice(0, LOOKED_AT).flatMap((row) => Object.keys(row)))
  if (columns.size === 0) return null
  return { columns: [...columns].slice(0, MAX_COLUMNS), rows, moreColumns: Math.max(0, columns.size - MAX_COLUMNS) }
}

/** Tells whether a value is an object with fields, not an array. */
export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const COLLATOR = new Intl.Collator('en', { numeric: true })

/** Orders the values of a column: numbers by size, then all others by the alphabet. */
export function compareValues (one: unknown, other: unknown): number {
  if (isNumber(one) && isNumber(other)) return one < other ? -1 : one > other ? 1 : 0
  if (isNumber(one) !== isNumber(other)) return isNumber(one) ? -1 : 1
  return COLLATOR.compare(cellText(one), cellText(other))
}

/** A value in a cell of a table. */
export function cellText (value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : jsonText(value)
}

function isNumber (value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}
