import { setMaxListeners } from 'node:events'

/** The longest time that a timer of Node takes, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Makes a controller whose signal takes as many listeners as a run has tasks at the same time. */
export function createAbortController (): AbortController {
  const controller = new AbortController()
  // Not 0, which means the same: Node 20 cannot read that back, and fetch does.
  setMaxListeners(Infinity, controller.signal)
  return controller
}

/**
 * Calls a function with a signal of its own. The signal is aborted with the one above it, or by the function itself.
 * Nothing stays on the signal above when the function is done.
 */
export async function withAbort<T> (above: AbortSignal, run: (signal: AbortSignal, abort: (reason: Error) => void) => Promise<T>): Promise<T> {
  const controller = createAbortController()
  const follow = () => controller.abort(above.reason)
  if (above.aborted) follow()
  above.addEventListener('abort', follow)
  try {
    return await run(controller.signal, (reason) => controller.abort(reason))
  } finally {
    above.removeEventListener('abort', follow)
  }
}

/**
 * Calls a function with a signal that is aborted at a time.
 *
 * @param at milliseconds since 1970
 * @param reason makes the reason with which the signal is aborted
 * @throws the reason of the signal when it is aborted and the function fails, else the error of the function
 */
export function withDeadline<T> (above: AbortSignal, at: number, reason: () => Error, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withAbort(above, async (signal, abort) => {
    const stop = callAt(at, () => abort(reason()))
    try {
      return await run(signal)
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      stop()
    }
  })
}

/** Waits for a promise, but no longer than until the signal is aborted. @throws the reason of the signal */
export async function unlessAborted<T> (signal: AbortSignal, promise: Promise<T>): Promise<T> {
  // If the signal is aborted first, nobody awaits the promise: swallow its rejection.
  promise.catch(() => {})
  signal.throwIfAborted()
  let stop = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(signal.reason)
    signal.addEventListener('abort', fail)
    stop = () => signal.removeEventListener('abort', fail)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    stop()
  }
}

/** Waits until a time, in milliseconds since 1970. @throws the reason of the signal when it is aborted before */
export async function sleepUntil (at: number, signal: AbortSignal): Promise<void> {
  let stop = () => {}
  const over = new Promise<void>((resolve) => { stop = callAt(at, resolve) })
  try {
    await unlessAborted(signal, over)
  } finally {
    stop()
  }
}

/** Calls a function at a time that may be far away. @returns a function that prevents the call */
function callAt (at: number, call: () => void): () => void {
  let timer: NodeJS.Timeout
  const set = () => {
    const ms = at - Date.now()
    timer = ms > LONGEST_TIMER_MS ? setTimeout(set, LONGEST_TIMER_MS) : setTimeout(call, Math.max(0, ms))
  }
  set()
  return () => clearTimeout(timer)
}
