import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { EventId } from '@runcast/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { RunIdSchema } from '../../../../schemas/events.ts'
import { problems } from '../../../../schemas/problem.ts'
import { streamResponses } from '../../../../schemas/stream-frames.ts'
import { StreamQuerySchema, type StreamQuery } from '../../../../schemas/stream-query.ts'
import { throttledLog } from '../../../../services/logging/throttled-log.ts'
import { InvalidCursorError, RunNotFoundError } from '../../../../services/run-log/errors.ts'
import { explainOpening, findOpening, type Accepted, type Opening } from '../../../../services/stream/opening.ts'
import { StreamRecord, type StreamReports } from '../../../../services/stream/record.ts'
import { readStreamRequest, type StreamRequest } from '../../../../services/stream/request.ts'
import { catchUp } from '../../../../services/topic/catch-up.ts'
import type { EventsAfter } from '../../../../services/topic/follower.ts'

type StreamRoute = { Params: { run_id: string }, Querystring: StreamQuery }

/**
 * The events of one stream: an async generator that reads the run page by page after the client's cursor, as fast as
 * the client's socket takes them, and ends when the client has `gone`. Made whenever the client is behind the run.
 */
const eventsAfter: EventsAfter = ({ topic, filter }, cursor: EventId, gone: AbortSignal) => catchUp(topic, filter, cursor, gone)

/** The least time between two log lines that say that streams could not be opened, in milliseconds. */
const COMPLAINT_MS = 5_000

/** The stream of one run: an opening, which may refuse it, and then its events until the client has gone. */
const streamRoute: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, runLog, topics, streamLimits, metrics } = fastify
  const rules = { graceMs: config.END_GRACE_MS, refusesUnknown: config.UNKNOWN_RUN === '404' }
  const complain = throttledLog((fields, message) => fastify.log.warn(fields, message), COMPLAINT_MS)
  const reports: StreamReports = {
    log: fastify.log,
    gap: (reason) => metrics.streamGaps.inc({ reason }),
    fellBack: () => metrics.laneFallbacks.inc(),
    ended: (subject) => streamLimits.giveBack(subject)
  }

  function follow (request: FastifyRequest<StreamRoute>, reply: FastifyReply, { open, beginning }: Accepted): void {
    const record = new StreamRecord(reports, { request_id: request.id, run_id: request.params.run_id, subject: request.access.subject })
    record.opened(open.mode, open.position)
    topics.follow(beginning, eventsAfter, reply.startEventStream(), fastify.streamExpiry(request.access.expiresAt), record)
  }

  async function open (request: FastifyRequest<StreamRoute>, asked: StreamRequest): Promise<Opening | null> {
    try {
      return await findOpening(topics, { runId: request.params.run_id, tenant: request.access.tenant, basePath: request.basePath }, asked, rules)
    } catch (error) {
      complain({ err: error, request_id: request.id }, 'streams can not be opened')
      return null
    }
  }

  fastify.get('/:run_id/stream', {
    exposeHeadRoute: false,
    helmet: false,
    onRequest: [fastify.claimConnection, fastify.requireAccess('runs:read')],
    schema: {
      operationId: 'followRun',
      tags: ['stream'],
      summary: 'Follow a run live',
      description: 'A condition that may pass (too many streams, the log out of reach, a shutdown) is told in the stream, since to EventSource any answer but 200 is final. 503 is for `explain=true` alone.',
      params: Type.Object({ run_id: RunIdSchema }),
      querystring: StreamQuerySchema,
      response: { ...streamResponses, ...problems(400, 401, 403, 404, 406, 503) }
    }
  }, async (request, reply) => {
    const asked = readStreamRequest(singleHeader(request.headers['last-event-id']), request.query)
    if (asked === null) throw new InvalidCursorError()
    if (request.query.explain === true) {
      reply.helmet()
      return await reply.type('application/json').send(await explainOpening(runLog, request.params.run_id, request.access.tenant, asked, rules))
    }
    if (!reply.admitStream()) return
    const opening = await open(request, asked)
    const isGone = request.raw.socket.destroyed
    if (opening?.answer === 'stream' && !isGone) return follow(request, reply, opening)
    streamLimits.giveBack(request.access.subject)
    if (opening === null) return reply.closeStream('unavailable')
    if (opening.answer === 'not_found') throw new RunNotFoundError()
    if (opening.answer === 'stream') topics.release(opening.beginning.topic)
    // Any gateway may answer 204. This one names the cursor, by which clients tell it from others.
    if (asked.from.at === 'cursor') reply.header('last-event-id', asked.from.cursor)
    return reply.code(204).send()
  })
}

export default streamRoute

function singleHeader (header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
