import { LogController, type FastifyReply, type FastifyRequest } from 'fastify'

/** Writes one log line per request, when it is answered. Streams write two of their own. */
export class RequestLog extends LogController {
  override incomingRequest (): void {}

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (String(reply.raw.getHeader('content-type')).startsWith('text/event-stream')) return
    const isProbe = request.url.startsWith('/health/') || request.url === '/metrics'
    const fault = error instanceof Error ? { err: error } : {}
    const level = isProbe ? 'debug' : reply.statusCode >= 500 || error instanceof Error ? 'warn' : 'info'
    reply.log[level]({ req: request, status: reply.statusCode, duration_ms: Math.round(reply.elapsedTime), ...fault }, 'request answered')
  }
}
