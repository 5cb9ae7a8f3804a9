import type { FastifyReply, FastifyRequest } from 'fastify'
import '@fastify/accepts'
import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { RunIdSchema } from '../../../../schemas/events.ts'
import { problems } from '../../../../schemas/problem.ts'
import { streamResponses } from '../../../../schemas/stream-frames.ts'
import { StreamQuerySchema, type StreamQuery } from '../../../../schemas/stream-query.ts'
import type { CloseReason } from '../../../../schemas/stream.ts'
import { RunLogError } from '../../../../services/run-log/run-log.ts'
import { closeFrame } from '../../../../services/sse/frames.ts'
import type { Follower } from '../../../../services/topic/follower.ts'
import { InvalidCursorError, NotAcceptableError } from '../../../../services/topic/stream-errors.ts'
import { openStream, type Following, type Opening } from '../../../../services/topic/stream-opening.ts'
import { readStreamRequest, type StreamRequest } from '../../../../services/topic/stream-request.ts'

type StreamRoute = { Params: { run_id: string }, Querystring: StreamQuery }

/** The stream of one run. */
const streamRoute: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, topics, streamLimits, metrics } = fastify
  const options = { graceMs: config.END_GRACE_MS, refusesUnknown: config.UNKNOWN_RUN === '404' }

  fastify.get('/:run_id/stream', {
    exposeHeadRoute: false,
    onRequest: [fastify.claimConnection, fastify.requireAccess('runs:read')],
    schema: {
      operationId: 'followRun',
      tags: ['stream'],
      summary: 'Follow a run live',
      params: Type.Object({ run_id: RunIdSchema }),
      querystring: StreamQuerySchema,
      response: { ...streamResponses, ...problems(400, 401, 403, 404, 406) }
    }
  }, async (request, reply) => {
    if (request.accepts().type(['text/event-stream']) === false) throw new NotAcceptableError()
    const asked = readStreamRequest(singleHeader(request.headers['last-event-id']), request.query)
    if (asked === null) throw new InvalidCursorError()
    if (fastify.draining) return closeAtOnce(reply, 'shutdown')
    const { subject } = request.access
    if (!streamLimits.take(subject)) return closeAtOnce(reply, 'limit')
    reply.raw.once('close', () => streamLimits.giveBack(subject))
    const opening = await open(request, asked)
    if (opening === null) return closeAtOnce(reply, 'unavailable')
    if (opening.answer === 'follow') return follow(request, reply, asked, opening)
    if (opening.answer === 'no_content') return reply.code(204).send()
    throw new RunLogError('run_not_found', 'There is no such run.')
  })

  async function open (request: FastifyRequest<StreamRoute>, asked: StreamRequest): Promise<Opening | null> {
    try {
      return await openStream(topics, request.params.run_id, request.access.tenant, asked, options)
    } catch (error) {
      request.log.warn({ err: error }, 'stream not opened')
      return null
    }
  }

  function follow (request: FastifyRequest<StreamRoute>, reply: FastifyReply, asked: StreamRequest, opening: Following): void {
    const { log } = request
    const fields = { run_id: request.params.run_id, subject: request.access.subject }
    if (request.raw.socket.destroyed) return topics.release(opening.topic)
    const follower = topics.follow(opening.topic, reply.openEventStream(), asked.filter, opening.cursor, expiryOf(request), {
      closed: (closed) => log.info({ ...fields, ...summaryOf(closed) }, 'stream ended'),
      gap: (reason) => metrics.streamGaps.inc({ reason }),
      fellBack: () => metrics.laneFallbacks.inc(),
      failed: (error) => log.error({ err: error }, 'stream failed')
    })
    log.info({ ...fields, mode: opening.open.mode, position: opening.open.position }, 'stream opened')
    follower.start(opening.frame, opening.first)
  }

  function expiryOf (request: FastifyRequest): { at: number, reason: CloseReason } {
    const oldest = Date.now() + config.STREAM_MAX_AGE_S * 1000 * (0.8 + 0.2 * Math.random())
    return request.access.expiresAt < oldest ? { at: request.access.expiresAt, reason: 'token_expired' } : { at: oldest, reason: 'max_age' }
  }
}

export default streamRoute

/** Anything but 200 is final for EventSource, so what may pass is told in the stream. */
function closeAtOnce (reply: FastifyReply, reason: CloseReason): void {
  reply.openEventStream().end(closeFrame(reason, null))
}

function singleHeader (header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}

function summaryOf (follower: Follower): Record<string, unknown> {
  return { duration_ms: Date.now() - follower.openedAt, events: follower.events, bytes: follower.bytes, reason: follower.end }
}
