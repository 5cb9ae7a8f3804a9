import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RunIdSchema } from '../../../../schemas/events.ts'
import { problems } from '../../../../schemas/problem.ts'
import { streamResponses } from '../../../../schemas/stream-frames.ts'
import { StreamQuerySchema, type StreamQuery } from '../../../../schemas/stream-query.ts'
import { throttledLog } from '../../../../services/logging/throttled-log.ts'
import { RunLogError } from '../../../../services/run-log/run-log.ts'
import { explainStream } from '../../../../services/topic/stream-decision.ts'
import { InvalidCursorError } from '../../../../services/topic/stream-errors.ts'
import { openStream, type Following, type Opening } from '../../../../services/topic/stream-opening.ts'
import { StreamRecord, type StreamReports } from '../../../../services/topic/stream-record.ts'
import { readStreamRequest, type StreamRequest } from '../../../../services/topic/stream-request.ts'

type StreamRoute = { Params: { run_id: string }, Querystring: StreamQuery }

/** At most one line in this time says that streams could not be opened. */
const COMPLAINT_MS = 5_000

/** The stream of one run. */
const streamRoute: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, runLog, topics, streamLimits, metrics } = fastify
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
      description: 'Whatever may pass (too many streams, the log out of reach, a shutdown) is told in the stream, since to EventSource any answer but 200 is final. 503 is for `explain=true` alone.',
      params: Type.Object({ run_id: RunIdSchema }),
      querystring: StreamQuerySchema,
      response: { ...streamResponses, ...problems(400, 401, 403, 404, 406, 503) }
    }
  }, async (request, reply) => {
    const asked = readStreamRequest(singleHeader(request.headers['last-event-id']), request.query)
    if (asked === null) throw new InvalidCursorError()
    if (request.query.explain === true) {
      reply.helmet()
      return await reply.type('application/json').send(await explainStream(runLog, request.params.run_id, request.access.tenant, asked, options))
    }
    if (!reply.admitStream()) return
    const opening = await open(request, asked)
    const isGone = request.raw.socket.destroyed
    if (opening?.answer === 'follow' && !isGone) return follow(request, reply, asked, opening)
    streamLimits.giveBack(request.access.subject)
    if (opening === null) return reply.closeStream('unavailable')
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
    topics.follow(opening.topic, reply.startEventStream(), asked.filter, opening.cursor, fastify.streamExpiry(request.access.expiresAt), record)
      .start(opening.frame, opening.first)
  }
}

export default streamRoute

function singleHeader (header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
