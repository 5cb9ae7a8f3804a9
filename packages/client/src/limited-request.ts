import { noAnswer, type RuncastError } from './errors.ts'

/** A request none of whose steps may take long. Only steps have a limit: a slow consumer is not a dead service. */
export interface LimitedRequest {
  /** For `fetch`. */
  readonly signal: AbortSignal
  /** Runs a step. @throws RuncastError `late` when it takes too long; what else goes wrong as `noAnswer` says it */
  step<T> (run: () => Promise<T>): Promise<T>
  /** Lets go of the connection, if it is still open. */
  close (): void
}

/**
 * Makes the limits of one request, to be closed in the end.
 *
 * @param outer aborts the request
 * @param ms how long a step may take, in milliseconds
 * @param late the error of a step that takes longer
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
