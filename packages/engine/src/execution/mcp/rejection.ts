import type { TaskError } from '../problem.ts'

/** Makes a promise that never resolves; the first call of `reject` rejects it. */
export function rejection (): { readonly promise: Promise<never>, readonly reject: (error: TaskError) => void } {
  let fail: (error: TaskError) => void = () => {}
  const promise = new Promise<never>((_resolve, reject) => { fail = reject })
  promise.catch(() => {})
  return { promise, reject: fail }
}
