import '@fastify/accepts'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import type { CloseReason } from '../../schemas/stream.ts'
import type { Expiry } from '../../services/sse/connection.ts'
import { closeFrame } from '../../services/sse/frames.ts'
import { StreamLimits } from '../../services/stream/limits.ts'
import { NotAcceptableError } from '../../services/sse/errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The open streams of this process. */
    readonly streamLimits: StreamLimits
    /**
     * The expiry of a stream that is opened now: at a jittered age, or with its token.
     *
     * @param tokenExpiresAt milliseconds since 1970
     */
    streamExpiry (tokenExpiresAt: number): Expiry
  }
  interface FastifyReply {
    /**
     * Takes a place for a stream, to be given back to `streamLimits`; or answers the client if no stream may be opened.
     *
     * @returns true when a place is taken
     * @throws NotAcceptableError when the client accepts no event stream
     */
    admitStream (): boolean
    /** Answers with a stream that ends at once. For a condition that may pass: any answer but 200 is final to EventSource. */
    closeStream (reason: CloseReason): void
  }
}

/** The Accept headers of EventSource and most programs. They need no negotiation, whose result would stay with the request. */
const PLAINLY_ACCEPTED: ReadonlySet<string> = new Set(['*/*', 'text/event-stream'])

/** The admission of streams, of one run or of all: `reply.admitStream()`. */
export default fp(async (fastify) => {
  const { config } = fastify
  const limits = new StreamLimits(config.MAX_STREAMS, config.MAX_STREAMS_PER_SUBJECT)
  fastify.decorate('streamLimits', limits)

  fastify.decorate('streamExpiry', (tokenExpiresAt: number): Expiry => {
    const oldest = Date.now() + config.STREAM_MAX_AGE_S * 1000 * (0.8 + 0.2 * Math.random())
    return tokenExpiresAt < oldest ? { at: tokenExpiresAt, reason: 'token_expired' } : { at: oldest, reason: 'max_age' }
  })

  fastify.decorateReply('admitStream', function (this: FastifyReply) {
    const { request } = this
    const { accept = '*/*' } = request.headers
    if (!PLAINLY_ACCEPTED.has(accept) && request.accepts().type(['text/event-stream']) === false) throw new NotAcceptableError()
    const closeReason = fastify.draining ? 'shutdown' : limits.take(request.access.subject) ? null : 'limit'
    if (closeReason !== null) this.closeStream(closeReason)
    return closeReason === null
  })

  fastify.decorateReply('closeStream', function (this: FastifyReply, reason: CloseReason) {
    this.startEventStream().end(closeFrame(reason, null))
  })
}, { name: 'streams', fastify: '5.x', dependencies: ['auth', 'config', 'shutdown', 'sse'] })
