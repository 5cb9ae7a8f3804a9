import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { FastifySSEPlugin } from 'fastify-sse-v2'
import { chunkOf } from '../../services/sse/chunk.ts'
import { encodeRetry } from '../../services/sse/encoder.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** An onRequest hook: lets a stream have its connection for itself, and ends one that still owes another answer. */
    claimConnection (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void
  }
  interface FastifyReply {
    /**
     * Answers 200 with the head of an event stream and `retry:`. From then on whoever calls is the only writer of
     * the returned response, and ends it.
     */
    startEventStream: () => ServerResponse
  }
}

/** What fastify-sse-v2 sets otherwise or not at all. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-transform',
  // A client that has vanished would hold an idle connection for long after the end of its stream.
  connection: 'close',
  'x-accel-buffering': 'no'
}

/**
 * The event streams' side of HTTP: fastify-sse-v2 for the handshake, and what it lacks. Its own pipe is taken off
 * at once: it reads ahead of the socket, never returns its source and ends the process when that throws.
 */
export default fp(async (fastify) => {
  await fastify.register(FastifySSEPlugin, { retryDelay: false })
  const retry = chunkOf(encodeRetry(fastify.config.STREAM_RETRY_MS))

  fastify.decorateReply('startEventStream', function (this: FastifyReply) {
    const response = this.raw
    const { socket } = response
    if (socket === null) throw new Error('the response waits for another one on its connection')
    response.once('pipe', (source: Readable) => {
      source.unpipe(response)
      source.destroy()
    })
    for (const [name, value] of Object.entries(HEADERS)) this.header(name, value)
    response.setHeader = setOwnHeader
    // The head leaves with the first frames, in one write; by itself, as joined to a body its text would stay in pieces.
    socket.cork()
    this.sse({ comment: 'open' })
    socket.write(response.chunkedEncoding ? retry.framed : retry.body)
    process.nextTick(uncork, socket)
    forgetReply(response)
    forgetHeaders(this.request.raw)
    return response
  })

  fastify.decorate('claimConnection', (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => {
    const { socket } = request.raw
    // The answer to a pipelined request has no socket before those in front of it are complete.
    if (!socket.destroyed && reply.raw.socket !== null) return done()
    reply.hijack()
    socket.destroy()
  })
}, { name: 'sse', dependencies: ['config'] })

function uncork (socket: Socket): void {
  socket.uncork()
}

/** Stays on the response: taking it off would turn the response into a dictionary, which is 4 KiB for each open stream. */
function setOwnHeader (this: ServerResponse, name: string, value: number | string | readonly string[]): ServerResponse {
  return ServerResponse.prototype.setHeader.call(this, name, HEADERS[name.toLowerCase()] ?? value)
}

/** Fastify waits for the end of the response and so keeps request and reply, which is much for a stream of hours. */
function forgetReply (response: ServerResponse): void {
  for (const event of ['finish', 'error']) {
    for (const listener of response.listeners(event)) {
      if (listener.name === 'onResFinished') Reflect.apply(response.off, response, [event, listener])
    }
  }
}

/** The request stays as long as its connection; a browser's headers are much of it, and nobody reads them again. */
function forgetHeaders (request: IncomingMessage): void {
  request.headers = {}
  request.rawHeaders = []
}
