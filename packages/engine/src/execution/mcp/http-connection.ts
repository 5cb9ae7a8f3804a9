import type { RequestId } from '@modelcontextprotocol/sdk/types.js'
import type { McpArguments } from '../../definition/dsl.ts'
import { isJsonObject } from '../../json.ts'
import { boundedFetch } from '../http/bounded-fetch.ts'
import { authorizationHeader, authorizationVariable, endpointOf, namedHeaders } from '../http/request.ts'
import { taskError } from '../problem.ts'
import type { TaskExecution } from '../task-execution.ts'
import { ENVELOPE_BYTES, type Connection } from './connection.ts'
import { rejection } from './rejection.ts'

/** The time that a server has to end its session after the call, in milliseconds. */
const SESSION_END_MS = 500
/** The time that an answer may come after the end of the stream that was to bring it, in milliseconds. */
const LATE_ANSWER_MS = 500

/**
 * Speaks with a server over streamable HTTP.
 *
 * https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#streamable-http
 *
 * @throws TaskError `configuration`, `authorization`
 */
export async function openHttp (execution: TaskExecution, http: NonNullable<McpArguments['transport']['http']>): Promise<Connection> {
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  const { run } = execution
  const { url, authorization } = await endpointOf(execution, http.endpoint)
  const headers = namedHeaders(await execution.scope.with(authorizationVariable(authorization)).evaluate(http.headers ?? {}, execution.input))
  const breaking = rejection()
  const answered = new Set<RequestId>()
  /** The requests for whose answers the SDK asks again. */
  const resuming = new Set<RequestId>()
  let hint: string | null = null

  const noResult = () => breaking.reject(taskError('runtime', `The MCP server ended its answer without a result.${hint === null ? '' : ` ${hint}`}`))

  /** The SDK asks for the rest of a stream whose events have ids. For any other stream it would go on waiting. */
  function streamEnded (request: RequestId, hasIds: boolean): void {
    if (!hasIds) setTimeout(() => { if (!answered.has(request)) noResult() }, LATE_ANSWER_MS).unref()
    else if (!answered.has(request)) resuming.add(request)
  }

  const fetch = boundedFetch(run.http, run.maxDataBytes + ENVELOPE_BYTES, breaking.reject)
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: async (address, init) => {
      const response = await fetch(address, init)
      // The SDK takes this for a server that sends no events of its own accord, and waits.
      const isRefused = response.status === 405 && new Headers(init?.headers).has('last-event-id')
      if (isRefused && resuming.size > 0) noResult()
      return watched(response, requestIn(init?.body), streamEnded)
    },
    requestInit: { headers: { ...authorizationHeader(authorization), ...headers } }
  })
  // The client calls these handlers before its own.
  transport.onmessage = (message) => {
    if (!('id' in message) || message.id === undefined || 'method' in message) return
    answered.add(message.id)
    resuming.delete(message.id)
  }
  transport.onerror = (error) => {
    if (error instanceof SyntaxError || error.name === 'ZodError') hint = 'It sent something that is no MCP message.'
    if (resuming.size > 0 && /reconnection attempts|Failed to reconnect:/.test(error.message)) noResult()
  }
  return {
    transport,
    authorization,
    broken: breaking.promise,
    get hint () {
      return hint
    },
    async close () {
      const ended = transport.terminateSession().catch(() => {})
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, SESSION_END_MS).unref())])
      await transport.close()
    }
  }
}

/** The id of the JSON-RPC request in a body; null when there is none. */
function requestIn (body: unknown): RequestId | null {
  if (typeof body !== 'string') return null
  const message: unknown = JSON.parse(body)
  const id = isJsonObject(message) && 'method' in message ? message['id'] : null
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

/** Wraps a response to call `onEnd` when its stream of events has ended, in order or not, with whether the events had ids. */
function watched (response: Response, request: RequestId | null, onEnd: (request: RequestId, hasIds: boolean) => void): Response {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  if (request === null || response.body === null || !isStream) return response
  const reader = response.body.getReader()
  let hasIds = false
  const content = new ReadableStream<Uint8Array>({
    async pull (controller) {
      try {
        const { done, value } = await reader.read()
        if (value !== undefined) {
          hasIds ||= /^id:/m.test(Buffer.from(value).toString('latin1'))
          controller.enqueue(value)
        }
        if (!done) return
        controller.close()
      } catch (error) {
        controller.error(error)
      }
      onEnd(request, hasIds)
    },
    cancel: (reason) => reader.cancel(reason)
  })
  return new Response(content, response)
}
