import type { Json } from '../json.ts'

/** The variables of an expression, without their `$`, such as `context`, `task`, `workflow`, `runtime`, `secrets` and the variables of loops. */
export type Variables = { readonly [name: string]: Json }

/** The input and the variables of an expression. */
export interface Scope {
  /** The value of `.`. */
  readonly input: Json
  readonly variables: Variables
}

/** Evaluates jq, away from the event loop. */
export interface Evaluator {
  /**
   * Evaluates every `${ … }` in a value, at any depth, by one program. Everything else is returned as it is.
   *
   * @param mode in `expression` mode a text without `${ }` is an expression too, as in `if`, `when`, `for.in`
   * @throws ExpressionError when a program fails, gives no value or more than one, or needs longer than the deadline
   */
  evaluate (template: Json, scope: Scope, mode?: 'value' | 'expression'): Promise<Json>

  /**
   * Compiles programs without executing them.
   *
   * @param variables the names that the programs may use, without `$`
   * @returns for each program null, or a sentence that says why it does not compile
   * @throws Error when the worker ends: nothing is known about the programs then
   */
  check (programs: ReadonlyArray<{ readonly program: string, readonly variables: readonly string[] }>): Promise<ReadonlyArray<string | null>>

  /** Ends the worker. Evaluations under way fail. */
  close (): Promise<void>
}

/** Thrown for an expression without a value. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** The program as the author wrote it, cut at 200 characters. */
  readonly program: string

  constructor (message: string, program: string, options?: ErrorOptions) {
    super(message, options)
    this.program = program
  }
}
