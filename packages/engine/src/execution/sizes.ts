import type { Json } from '../json.ts'
import { taskError, type TaskError } from './problem.ts'

/** How many bytes a value has as JSON. */
export function jsonBytes (value: Json): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/** @throws TaskError `runtime` when a value has more bytes of JSON than it may */
export function checkSize (value: Json, what: string, maxBytes: number): void {
  const bytes = jsonBytes(value)
  if (bytes > maxBytes) throw tooLarge(what, maxBytes, bytes)
}

/** The error for data over the bound. @param bytes how many there are, unless nobody counted to the end */
export function tooLarge (what: string, maxBytes: number, bytes?: number): TaskError {
  const size = bytes === undefined ? `has more than ${maxBytes} bytes` : `has ${bytes} bytes, more than the ${maxBytes} that are allowed`
  return taskError('runtime', `${what} ${size}: put out less, or have the operator of the engine raise the bound.`)
}
