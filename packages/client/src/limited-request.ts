import { noAnswer, type RuncastError } from './errors.ts'

/** A request with a time limit for each step. No time runs between steps: a slow consumer is not a dead service. */
export interface LimitedRequest {
  /** For `fetch`. */
  readonly signal: AbortSignal
  /** Runs a step. @throws RuncastError `late` after the time limit; any other failure as `noAnswer` makes it */
  step<T> (run: () => Promise<T>): Promise<T>
  /** Closes the connection if it is still open. */
  close (): void
}

/**
 * Makes the limits of one request. The caller must close it in the end.
 *
 * @param outer aborts the request
 * @param ms the time limit of a step, in milliseconds
 * @param late the error of a step that exceeds the limit
 */
export function limitRequest (outer: AbortSignal, ms: number, late: RuncastError): LimitedRequest {
  const controller = new AbortController()
  const { signal } = controller
  const close = () => {
    outer.removeEventListener('abort', close)
    controller.abort()
  }
  outer.addEventListener('abort', close)
  if (outer.aborted) close()
  return {
    signal,
    async step (run) {
      const timer = setTimeout(() => controller.abort(late), ms)
      try {
        return await run()
      } catch (error) {
        throw signal.reason === late ? late : noAnswer(error)
      } finally {
        clearTimeout(timer)
      }
    },
    close
  }
}
