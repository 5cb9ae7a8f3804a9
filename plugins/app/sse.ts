import { ServerResponse, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import { FastifySSEPlugin } from 'fastify-sse-v2'
import { chunkOf } from '../../services/sse/chunk.ts'
import { retryLine } from '../../services/sse/encoder.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** An onRequest hook: gives a stream its connection for itself, and ends a connection that still owes another answer. */
    claimConnection (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void
  }
  interface FastifyReply {
    /**
     * Answers 200 with the head of an event stream and the line `retry:`, which the first frame completes to a block.
     * From then on the caller is the only writer of the returned response, and ends it.
     */
    startEventStream: () => ServerResponse
  }
}

/** The headers that fastify-sse-v2 sets otherwise or not at all. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache, no-transform',
  // An idle connection of a client that has vanished would stay for long after the end of its stream.
  connection: 'close',
  'x-accel-buffering': 'no'
}

/**
 * The handshake of event streams, made by fastify-sse-v2: `reply.startEventStream()`. Reaches into two libraries, each
 * assumption with a test of its own in test/plugins/sse.test.ts:
 * fastify-sse-v2's pipe is taken off: it reads ahead of the socket, never returns its source and ends the process when that throws;
 * Fastify's `onResFinished` listener is taken off by its name: it keeps request and reply for the hours that a stream lasts.
 */
export default fp(async (fastify) => {
  await fastify.register(FastifySSEPlugin, { retryDelay: false })
  const retry = chunkOf(retryLine(fastify.config.STREAM_RETRY_MS))

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
    // The head leaves with the first frames in one write, but as a buffer of its own: joined to a body its text would stay in pieces.
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

/** Stays on the response: taking it off again would make the response a dictionary, 4 KiB for each open stream. */
function setOwnHeader (this: ServerResponse, name: string, value: number | string | readonly string[]): ServerResponse {
  return ServerResponse.prototype.setHeader.call(this, name, HEADERS[name.toLowerCase()] ?? value)
}

/** Frees request and reply, which Fastify keeps until the end of the response. */
function forgetReply (response: ServerResponse): void {
  for (const event of ['finish', 'error']) {
    for (const listener of response.listeners(event)) {
      if (listener.name === 'onResFinished') Reflect.apply(response.off, response, [event, listener])
    }
  }
}

/** Frees the headers, which nobody reads again: the request itself stays as long as its connection. */
function forgetHeaders (request: IncomingMessage): void {
  request.headers = {}
  request.rawHeaders = []
}
