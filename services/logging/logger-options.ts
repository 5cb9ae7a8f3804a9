import type { LoggerOptions } from 'pino'

/** The part of a request that may be logged. Query and headers may hold a credential, so neither is in it. */
export interface LoggedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
}

/** The logged form of an error: its own sentence and place, without the fields that libraries add (commands with their arguments). */
interface LoggedError {
  readonly type: string
  readonly message: string
  readonly stack: string
  readonly code?: string
  readonly cause?: LoggedError
  readonly [key: string]: unknown
}

/** Writes requests and errors down, in every logger of the service. */
export const serializers = {
  req: ({ method, url }: LoggedRequest) => ({ method: method ?? '', path: pathOf(url ?? '') }),
  err: loggedError
}

/**
 * Makes the options of the service's logger: JSON, one object a line, or readable lines on a terminal.
 *
 * @param level the least severe level that is logged
 * @param isTerminal true if people read it
 */
export function loggerOptions (level: string, isTerminal: boolean): LoggerOptions {
  return {
    level,
    serializers,
    ...(isTerminal ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } } : {})
  }
}

/** Takes the query off a URL. */
export function pathOf (url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

function loggedError (error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'something that is no Error was thrown', stack: '' }
  return {
    type: error.name,
    message: error.message,
    stack: error.stack ?? '',
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error.cause === undefined ? {} : { cause: loggedError(error.cause) })
  }
}
