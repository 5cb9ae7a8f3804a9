import type { Json } from '../json.ts'

/** A request to the worker. */
export interface JqRequest {
  /** The programs, each as its author wrote it. */
  readonly programs: readonly string[]
  /** The names that the programs may use, without `$`. */
  readonly variables: readonly string[]
  /** JSON of the input and of an object with the values of the variables; null to compile only. */
  readonly data: readonly [input: string, variables: string] | null
  /** The most bytes of JSON in the values together. */
  readonly maxOutputBytes: number
}

/** One value for each program; or a fault in one sentence, with the index of its program, null when that is not known. */
export type JqReply = { readonly values: readonly Json[] } | { readonly fault: string, readonly program: number | null }

/** The message that the worker sends once, when it takes requests. */
export const READY = 'ready'
