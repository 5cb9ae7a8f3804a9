import type { Json } from '../json.ts'
import { taskError, type TaskError } from './problem.ts'

/** Counts the bytes of a value as JSON. */
export function jsonBytes (value: Json): number {
  return Buffer.byteLength(JSON.stringify(value))
}

/** @throws TaskError `runtime` when a value has more bytes of JSON than are allowed. @param subject names the value at the beginning of a sentence */
export function checkSize (value: Json, subject: string, maxBytes: number): void {
  const bytes = jsonBytes(value)
  if (bytes > maxBytes) throw tooLarge(subject, maxBytes, bytes)
}

/** Makes the error for data over the bound. @param bytes their number, when somebody counted to the end */
export function tooLarge (subject: string, maxBytes: number, bytes?: number): TaskError {
  return taskError('runtime', `${subject} ${sizeFault(maxBytes, bytes)}: put out less, or have the operator of the engine raise the bound.`)
}

/** Says that there is too much data, as the rest of a sentence. */
export function sizeFault (maxBytes: number, bytes?: number): string {
  return bytes === undefined ? `has more than ${maxBytes} bytes` : `has ${bytes} bytes, more than the ${maxBytes} that are allowed`
}
