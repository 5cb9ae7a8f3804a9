import { isRecord } from './records.ts'
import type { Preview } from './previews.ts'

/** Numbers to be plotted. */
export interface Plot {
  readonly xLabel: string
  /** Tells whether `x` are times, in seconds since 1970. */
  readonly isTime: boolean
  /** Ascending. */
  readonly x: readonly number[]
  readonly lines: readonly PlotLine[]
}

export interface PlotLine {
  readonly label: string
  /** One value for each of `x`; null where there is none. */
  readonly values: ReadonlyArray<number | null>
}

// The usual names of fields that order measurements.
const ORDER_FIELDS = ['time', 'timestamp', 'ts', 'at', 'datetime', 'date', 't', 'x', 'step', 'epoch', 'iteration', 'index', 'seconds']
const MAX_LINES = 8

/** Reads numbers over time, or over another field that orders them, from the content of a preview; null without them. */
export function plotOf (content: unknown): Plot | null {
  if (Array.isArray(content)) {
    const items: unknown[] = content
    if (items.length < 2) return null
    if (items.every(isNumber)) return sorted('index', items.map((_, index) => index), [{ label: 'value', values: items }])
    return items.every(isRecord) ? plotOfFields((name) => items.map((item) => item[name]), namesOf(items)) : plotOfTuples(items)
  }
  if (!isRecord(content)) return null
  const columns = Object.entries(content).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]))
  const length = columns[0]?.[1].length ?? 0
  if (columns.length !== Object.keys(content).length || length < 2 || columns.some(([, column]) => column.length !== length)) return null
  return plotOfFields((name) => columns.find(([label]) => label === name)?.[1] ?? [], columns.map(([label]) => label))
}

/** Reads the numbers of the previews of one step, over the time; null with less than two. */
export function plotOfPreviews (previews: readonly Preview[]): Plot | null {
  const readings = previews.flatMap(({ at, content }) => {
    const record = isNumber(content) ? { value: content } : content
    return isRecord(record) && Object.values(record).every((value) => isNumber(value) || typeof value === 'string') ? [{ at: at / 1000, record }] : []
  })
  if (readings.length < 2) return null
  const x = readings.map(({ at }) => at)
  const names = namesOf(readings.map(({ record }) => record))
  return plotFrom('time', true, x, names.map((name) => [name, readings.map(({ record }) => record[name])]))
}

function plotOfFields (column: (name: string) => unknown[], names: readonly string[]): Plot | null {
  const orderField = ORDER_FIELDS.map((wanted) => names.find((name) => name.toLowerCase() === wanted)).find((name) => name !== undefined)
  if (orderField === undefined) return null
  const values = column(orderField)
  const isTime = values.every(looksLikeTime)
  const x = isTime ? values.map(secondsOf) : values
  if (!x.every(isNumber)) return null
  return plotFrom(orderField, isTime, x, names.filter((name) => name !== orderField).map((name) => [name, column(name)]))
}

function plotOfTuples (items: readonly unknown[]): Plot | null {
  if (!items.every((item): item is number[] => Array.isArray(item) && item.every(isNumber))) return null
  const width = items[0]?.length ?? 0
  if (width < 2 || items.some((item) => item.length !== width)) return null
  const x = items.map(([first = 0]) => first)
  const isTime = x.every(looksLikeTime)
  const columns = Array.from({ length: width - 1 }, (_, index): [string, unknown[]] => [width === 2 ? 'value' : `value ${index + 1}`, items.map((item) => item[index + 1])])
  return plotFrom(isTime ? 'time' : 'x', isTime, isTime ? x.map(secondsOf) : x, columns)
}

/** Leaves out columns without numbers. */
function plotFrom (xLabel: string, isTime: boolean, x: readonly number[], columns: ReadonlyArray<[string, unknown[]]>): Plot | null {
  const lines = columns
    .map(([label, values]) => ({ label, values: values.map((value) => isNumber(value) ? value : null) }))
    .filter(({ values }) => values.filter((value) => value !== null).length >= 2)
    .slice(0, MAX_LINES)
  return lines.length === 0 ? null : sorted(xLabel, x, lines, isTime)
}

function sorted (xLabel: string, x: readonly number[], lines: readonly PlotLine[], isTime = false): Plot {
  const order = x.map((_, index) => index).sort((one, other) => (x[one] ?? 0) - (x[other] ?? 0))
  const inOrder = <T>(values: readonly T[]) => order.flatMap((index) => values.slice(index, index + 1))
  return { xLabel, isTime, x: inOrder(x), lines: lines.map(({ label, values }) => ({ label, values: inOrder(values) })) }
}

function namesOf (records: ReadonlyArray<Record<string, unknown>>): string[] {
  return [...new Set(records.slice(0, 100).flatMap((record) => Object.keys(record)))]
}

function isNumber (value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

const ISO_TIME = /^\d{4}-\d\d-\d\d(?:$|T\d\d:\d\d)/
const [YEAR_2001_S, YEAR_2100_S] = [978_307_200, 4_102_444_800]

function looksLikeTime (value: unknown): boolean {
  if (typeof value === 'string') return ISO_TIME.test(value) && !Number.isNaN(Date.parse(value))
  return isNumber(value) && (isBetween(value, YEAR_2001_S, YEAR_2100_S) || isBetween(value, YEAR_2001_S * 1000, YEAR_2100_S * 1000))
}

function secondsOf (value: unknown): number {
  if (typeof value === 'string') return Date.parse(value) / 1000
  return isNumber(value) ? (value > YEAR_2100_S ? value / 1000 : value) : 0
}

function isBetween (value: number, from: number, to: number): boolean {
  return value >= from && value <= to
}
