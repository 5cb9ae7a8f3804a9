import type { TaskError } from '../problem.ts'

/** A promise that is only ever rejected, by whoever finds a reason first. */
export function rejection (): { readonly promise: Promise<never>, readonly reject: (error: TaskError) => void } {
  let fail: (error: TaskError) => void = () => {}
  const promise = new Promise<never>((_resolve, reject) => { fail = reject })
  promise.catch(() => {})
  return { promise, reject: fail }
}
