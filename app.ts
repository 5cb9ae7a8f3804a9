import { randomUUID } from 'node:crypto'
import { maxHeaderSize, ServerResponse, STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import autoload from '@fastify/autoload'
import { LogController, type FastifyHttpOptions, type FastifyPluginAsync, type FastifyReply, type FastifyRequest, type RawServerDefault } from 'fastify'
import fp from 'fastify-plugin'
import config, { type ConfigOptions } from './plugins/app/config.ts'
import { sendRefusal } from './plugins/app/errors.ts'
import type { GreetingOptions } from './plugins/app/greeting.ts'
import ui, { type UiOptions } from './plugins/app/ui.ts'
import { PROBLEM_MEDIA_TYPE } from './schemas/problem.ts'
import { serializers } from './services/logging/logger-options.ts'
import { problemOf, refusalOf, refusalOfStatus } from './services/problem.ts'

/** How long a connection that was refused stays for its client to read why, in milliseconds. */
const LAST_WORD_MS = 2_000

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._~+/=-]{0,127}$/

/** One line in the log per request, when it is answered. Streams write their own two. */
class RequestLog extends LogController {
  override incomingRequest (): void {}

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (String(reply.raw.getHeader('content-type')).startsWith('text/event-stream')) return
    const isProbe = request.url.startsWith('/health/') || request.url === '/metrics'
    // The service's own requests come through no socket.
    const isOwn = 'isLightMyRequest' in request.raw
    const fault = error instanceof Error ? { err: error } : {}
    const level = isProbe || isOwn ? 'debug' : reply.statusCode >= 500 || error instanceof Error ? 'warn' : 'info'
    reply.log[level]({ req: request, status: reply.statusCode, duration_ms: Math.round(reply.elapsedTime), ...fault }, 'request answered')
  }
}

/** The options of the Fastify server that the service needs, whoever starts it; loggers and proxies are the process's. */
export const options = {
  // Streams stay open for long; this is the time that a request may take to arrive.
  requestTimeout: 30_000,
  // Longer than gateways keep their connections, so that the gateway closes first.
  keepAliveTimeout: 75_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
  // An EventSource that gets 503 never asks again, so requests are answered until the very end.
  return503OnClosing: false,
  // As long as the head of a request may be: what is too long for a run id is refused by its schema, like all else.
  routerOptions: { maxParamLength: maxHeaderSize },
  ajv: { customOptions: { removeAdditional: false } },
  // On a busy machine a start may take long; what can't be reached is tried later and holds nothing up.
  pluginTimeout: 60_000,
  requestIdHeader: false,
  genReqId: requestId,
  logController: new RequestLog({ requestIdLogLabel: 'request_id' }),
  logger: { serializers },
  frameworkErrors: (error, _request, reply) => { sendRefusal(reply, refusalOf(error, false)) },
  clientErrorHandler: (error, socket) => {
    if (!socket.writable || isAnswering(socket)) {
      socket.destroy()
      return
    }
    socket.end(rawRefusal(statusOfClientError(error.code)))
    // Nor does who never asked need to hang up by itself.
    socket.setTimeout(LAST_WORD_MS, () => socket.destroy())
  }
} satisfies FastifyHttpOptions<RawServerDefault>

/** What whoever registers the service may hand to it. */
export interface ServiceOptions extends ConfigOptions, GreetingOptions, UiOptions {}

/** The service: its settings, then the third-party plugins, then its own, then the routes, whose folders are their URLs. */
const app: FastifyPluginAsync<ServiceOptions> = async (fastify, { config: given, print, uiDirectory }) => {
  await fastify.register(config, given === undefined ? {} : { config: given })
  await fastify.register(ui, uiDirectory === undefined ? {} : { uiDirectory })
  await fastify.register(autoload, { dir: folder('plugins/external'), options: {} })
  await fastify.register(autoload, { dir: folder('plugins/app'), ignorePattern: /^(config|ui)\./, options: { print } })
  await fastify.register(autoload, { dir: folder('routes') })
}

export default fp(app, { name: 'runcast', fastify: '5.x' })

function folder (path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

/** The caller's X-Request-Id, if it is one that can be logged and sent back, else a new id. */
function requestId ({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}

/**
 * Whether an answer has begun, as an open stream has: a refusal in the middle of it would be taken for a part of it.
 * Node's own handler looks in the same place.
 *
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
function isAnswering (socket: Socket): boolean {
  const answer: unknown = Reflect.get(socket, '_httpMessage')
  return answer instanceof ServerResponse && answer.headersSent
}

function statusOfClientError (code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}

/** The whole answer to what is no HTTP request at all, or never became one. */
function rawRefusal (status: number): string {
  const body = JSON.stringify(problemOf(refusalOfStatus(status), randomUUID()))
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}
