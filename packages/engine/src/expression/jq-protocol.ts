import type { Json } from '../json.ts'

/** What the worker is asked. */
export interface JqRequest {
  /** The programs, each as its author wrote it. */
  readonly programs: readonly string[]
  /** The names that the programs may use, without `$`. */
  readonly variables: readonly string[]
  /** JSON of the input and of an object with the values of the variables; null to compile only. */
  readonly data: readonly [input: string, variables: string] | null
  /** The most bytes of JSON that the values together may have. */
  readonly maxOutputBytes: number
}

/** One value for each program; or which program is at fault, null when that is not known, and why in one sentence. */
export type JqReply = { readonly values: readonly Json[] } | { readonly fault: string, readonly program: number | null }

/** What the worker says once, when requests may come. */
export const READY = 'ready'
