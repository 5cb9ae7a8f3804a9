import type { Json } from '../json.ts'

/** The variables of an expression, without their `$`, such as `context`, `task`, `workflow`, `runtime`, `secrets` and those of loops. */
export type Variables = { readonly [name: string]: Json }

/** What an expression is evaluated against. */
export interface Scope {
  /** What `.` is. */
  readonly input: Json
  readonly variables: Variables
}

/** Evaluates jq, away from the event loop. */
export interface Evaluator {
  /**
   * Evaluates every `${ … }` in a value, however deep, by one program; what is no expression is returned as it is.
   *
   * @param mode how a text is taken: in `expression` mode a text without `${ }` is an expression too, as in `if`, `when`, `for.in`
   * @throws ExpressionError when a program fails, gives no value or more than one, or needs longer than the deadline
   */
  evaluate (template: Json, scope: Scope, mode?: 'value' | 'expression'): Promise<Json>

  /**
   * Whether every program compiles. Nothing is executed.
   *
   * @param variables the names that the programs may use, without `$`
   * @returns for each program null, or what is wrong with it in one sentence
   * @throws Error when the worker ends: nothing is known about the programs then
   */
  check (programs: ReadonlyArray<{ readonly program: string, readonly variables: readonly string[] }>): Promise<ReadonlyArray<string | null>>

  /** Ends the worker. What is being evaluated fails. */
  close (): Promise<void>
}

/** Why an expression has no value. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** The program as the author wrote it, cut at 200 characters. */
  readonly program: string

  constructor (message: string, program: string, options?: ErrorOptions) {
    super(message, options)
    this.program = program
  }
}
