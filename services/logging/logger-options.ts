import type { LoggerOptions } from 'pino'

/** What pino is told of a request: nothing that could hold a credential, so neither query nor headers. */
export interface LoggedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
}

/** What is logged of an error: its own sentence and place, not what libraries hang on to it (commands with their arguments). */
interface LoggedError {
  readonly type: string
  readonly message: string
  readonly stack: string
  readonly code?: string
  readonly cause?: LoggedError
  readonly [key: string]: unknown
}

/** How requests and errors are written down, in every logger of the service. */
export const serializers = {
  req: ({ method, url }: LoggedRequest) => ({ method: method ?? '', path: pathOf(url ?? '') }),
  err: loggedError
}

/**
 * The options of the service's logger: JSON, one object a line, or readable lines on a terminal.
 *
 * @param level the least severe level that is logged
 * @param isTerminal whether people read it
 */
export function loggerOptions (level: string, isTerminal: boolean): LoggerOptions {
  return {
    level,
    serializers,
    ...(isTerminal ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname' } } } : {})
  }
}

/** A URL without its query. */
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
