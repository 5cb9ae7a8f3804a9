import type { ForTask, TryTask } from './dsl.ts'

/** Gives the names of the variables that hold the item of a loop and its index. */
export function loopVariables ({ each = 'item', at = 'index' }: ForTask['for']): readonly [item: string, index: string] {
  return [each, at]
}

/** Gives the name of the variable that holds a caught error. */
export function errorVariable ({ as = 'error' }: TryTask['catch']): string {
  return as
}
