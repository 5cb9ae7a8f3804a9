import createError from '@fastify/error'
import type { Fault } from '../../schemas/problem.ts'

/** An error that becomes a problem document: its client is told the status, the code and one sentence. */
export interface ProblemError extends Error {
  /** HTTP. */
  readonly statusCode: number
  /** For programs: stable, in lower case. */
  readonly code: string
  /** The sentence for the client. It holds no token, and nothing that only operators should know. */
  readonly detail: string
  /** The places of the request that are at fault. */
  readonly errors?: readonly Fault[]
  /** The pause before the next attempt, in seconds. Absent where another attempt does not help. */
  readonly retryAfter?: number | undefined
}

/**
 * Makes the class of one problem, for the catalogue of a room.
 *
 * @param sentence for the client and for the log; `%s` and `%d` stand for the arguments of the constructor
 */
export function defineProblem<Arguments extends unknown[] = []> (code: string, statusCode: number, sentence: string) {
  return class extends createError<string, number, Arguments>(code, sentence, statusCode) {
    // @fastify/error writes codes in capitals; the interface has them in lower case.
    override readonly code: string = code
    declare errors?: readonly Fault[]

    get detail (): string {
      return this.message
    }

    /**
     * Names a place of the request that is at fault.
     *
     * @param path a JSON Pointer; empty for the whole part
     * @param detail a sentence for this place; the problem's own when left out
     */
    at (part: Fault['in'], path: string, detail: string = this.detail): this {
      this.errors = [...this.errors ?? [], { in: part, path, detail }]
      return this
    }
  }
}

/** Tells by its members whether an error is a problem, whatever its class. */
export function isProblemError (error: unknown): error is ProblemError {
  return error instanceof Error &&
    'statusCode' in error && typeof error.statusCode === 'number' &&
    'code' in error && typeof error.code === 'string' &&
    'detail' in error && typeof error.detail === 'string'
}
