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
import type { Expiry } from '../../../../services/sse/open-stream.ts'
import { throttledLog } from '../../../../services/throttled-log.ts'
import { StreamRecord, type StreamReports } from '../../../../services/topic/stream-record.ts'
import { InvalidCursorError, NotAcceptableError } from '../../../../services/topic/stream-errors.ts'
import { openStream, type Following, type Opening } from '../../../../services/topic/stream-opening.ts'
import { readStreamRequest, type StreamRequest } from '../../../../services/topic/stream-request.ts'

type StreamRoute = { Params: { run_id: string }, Querystring: StreamQuery }

/** At most one line in this time says that streams could not be opened. */
const COMPLAINT_MS = 5_000

/** The stream of one run. */
const streamRoute: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, topics, streamLimits, metrics } = fastify
  const options = { graceMs: config.END_GRACE_MS, refusesUnknown: config.UNKNOWN_RUN === '404' }
  const complain = throttledLog((fields, message) => fastify.log.warn(fields, message), COMPLAINT_MS)
  const reports: StreamReports = {
    log: fastify.log,
    gap: (reason) => metrics.streamGaps.inc({ reason }),
    fellBack: () => metrics.laneFallbacks.inc(),
    ended: (subject) => streamLimits.giveBack(subject)
  }

  fastify.get('/:run_id/stream', {
    exposeHeadRoute: false,
    helmet: false,
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
    const opening = await open(request, asked)
    const isGone = request.raw.socket.destroyed
    if (opening?.answer === 'follow' && !isGone) return follow(request, reply, asked, opening)
    streamLimits.giveBack(subject)
    if (opening === null) return closeAtOnce(reply, 'unavailable')
    if (opening.answer === 'not_found') throw new RunLogError('run_not_found', 'There is no such run.')
    if (opening.answer === 'follow') topics.release(opening.topic)
    return reply.code(204).send()
  })

  async function open (request: FastifyRequest<StreamRoute>, asked: StreamRequest): Promise<Opening | null> {
    try {
      return await openStream(topics, request.params.run_id, request.access.tenant, asked, options)
    } catch (error) {
      complain({ err: error, request_id: request.id }, 'streams can not be opened')
      return null
    }
  }

  function follow (request: FastifyRequest<StreamRoute>, reply: FastifyReply, asked: StreamRequest, opening: Following): void {
    const record = new StreamRecord(reports, { request_id: request.id, run_id: request.params.run_id, subject: request.access.subject })
    record.opened(opening.open.mode, opening.open.position)
    topics.follow(opening.topic, reply.openEventStream(), asked.filter, opening.cursor, expiryOf(request.access.expiresAt), record)
      .start(opening.frame, opening.first)
  }

  function expiryOf (tokenExpiresAt: number): Expiry {
    const oldest = Date.now() + config.STREAM_MAX_AGE_S * 1000 * (0.8 + 0.2 * Math.random())
    return tokenExpiresAt < oldest ? { at: tokenExpiresAt, reason: 'token_expired' } : { at: oldest, reason: 'max_age' }
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
