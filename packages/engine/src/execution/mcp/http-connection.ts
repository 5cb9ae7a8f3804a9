import type { RequestId } from '@modelcontextprotocol/sdk/types.js'
import type { McpArguments } from '../../definition/dsl.ts'
import { isJsonObject } from '../../json.ts'
import { boundedFetch } from '../http/bounded-fetch.ts'
import { authorizationHeader, authorizationVariable, endpointOf, namedHeaders } from '../http/request.ts'
import { taskError } from '../problem.ts'
import type { TaskExecution } from '../task-execution.ts'
import { ENVELOPE_BYTES, type Connection } from './connection.ts'
import { rejection } from './rejection.ts'

/** How long a server may take to end its session when the call is over, in milliseconds. */
const GOODBYE_MS = 500
/** How long an answer may be missing after the stream that was to bring it has ended, in milliseconds. */
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
  /** The requests whose answers the SDK asks for again. */
  const resuming = new Set<RequestId>()
  let suspicion: string | null = null

  const noResult = () => breaking.reject(taskError('runtime', `The MCP server ended its answer without a result.${suspicion === null ? '' : ` ${suspicion}`}`))

  /** The SDK asks for the rest of a stream whose events have ids; of any other it would go on waiting. */
  function streamEnded (request: RequestId, hasIds: boolean): void {
    if (!hasIds) setTimeout(() => { if (!answered.has(request)) noResult() }, LATE_ANSWER_MS).unref()
    else if (!answered.has(request)) resuming.add(request)
  }

  const fetch = boundedFetch(run.http, run.maxDataBytes + ENVELOPE_BYTES, breaking.reject)
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: async (address, init) => {
      const response = await fetch(address, init)
      // The SDK takes this for a server that has nothing to tell.
      const isRefused = response.status === 405 && new Headers(init?.headers).has('last-event-id')
      if (isRefused && resuming.size > 0) noResult()
      return watched(response, requestIn(init?.body), streamEnded)
    },
    requestInit: { headers: { ...authorizationHeader(authorization), ...headers } }
  })
  // The client calls them before its own.
  transport.onmessage = (message) => {
    if (!('id' in message) || message.id === undefined || 'method' in message) return
    answered.add(message.id)
    resuming.delete(message.id)
  }
  transport.onerror = (error) => {
    if (error instanceof SyntaxError || error.name === 'ZodError') suspicion = 'It sent what is no MCP message.'
    if (resuming.size > 0 && /reconnection attempts|Failed to reconnect:/.test(error.message)) noResult()
  }
  return {
    transport,
    authorization,
    broken: breaking.promise,
    get suspicion () {
      return suspicion
    },
    async close () {
      const goodbye = transport.terminateSession().catch(() => {})
      await Promise.race([goodbye, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref())])
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

/** A response that tells when its stream of events has ended, however that is, and whether the events had ids. */
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
