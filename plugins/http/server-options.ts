import { randomUUID } from 'node:crypto'
import { maxHeaderSize, type IncomingMessage } from 'node:http'
import type { FastifyHttpOptions, FastifyInstance, RawServerDefault } from 'fastify'
import { serializers } from '../../services/logging/logger-options.ts'
import { problemOf } from '../../services/problems/problem.ts'
import { sendProblem } from '../app/errors.ts'
import { RequestLog } from './request-log.ts'
import { refuseSocket } from './socket-problems.ts'

const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._~+/=-]{0,127}$/

/** The options of the Fastify server that the service needs in every process; the process adds logger and trusted proxies. */
export const serverOptions = {
  // The time that a request may take to arrive; an open stream has arrived.
  requestTimeout: 30_000,
  // Longer than gateways keep their connections, so that the gateway closes first.
  keepAliveTimeout: 75_000,
  http: { headersTimeout: 15_000, connectionsCheckingInterval: 5_000 },
  // An EventSource that gets 503 never asks again, so requests are answered until the very end.
  return503OnClosing: false,
  // As long as the head of a request may be: a run id that is too long is refused by its schema, like all else.
  routerOptions: { maxParamLength: maxHeaderSize },
  ajv: { customOptions: { removeAdditional: false } },
  // On a busy machine a start may take long; a store that can't be reached is tried later and holds nothing up.
  pluginTimeout: 60_000,
  rewriteUrl: withoutBasePath,
  requestIdHeader: false,
  genReqId: requestId,
  logController: new RequestLog({ requestIdLogLabel: 'request_id' }),
  logger: { serializers },
  frameworkErrors: (error, request, reply) => { sendProblem(reply, problemOf(error, request.id)) },
  clientErrorHandler: refuseSocket
} satisfies FastifyHttpOptions<RawServerDefault>

/** Lets routes be found below the path of a shared host. Requests come only when the plugins are there. */
function withoutBasePath (this: Pick<FastifyInstance, 'basePaths'>, request: IncomingMessage): string {
  return this.basePaths.strip(request)
}

/** The caller's X-Request-Id, if it can be logged and sent back, else a new id. */
function requestId ({ headers }: IncomingMessage): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
}
