import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DiagnosticsQuerySchema, diagnosticsResponses, type RedisFinding } from '../../../../schemas/diagnostics.ts'
import { problems } from '../../../../schemas/problem.ts'
import { diagnosticFrames } from '../../../../services/diagnostics/ticks.ts'
import { checkRedisSettings } from '../../../../services/redis/check-settings.ts'
import { redisKeys } from '../../../../services/redis/keys.ts'

/** A short stream of timed ticks, by which `runcast doctor` measures the gateways in between. */
const diagnosticsRoute: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, redisConnections, streamLimits } = fastify
  const stopping = new AbortController()
  fastify.onDrain(() => stopping.abort())

  async function redisFindings (): Promise<RedisFinding[] | null> {
    return redisConnections === null ? null : await checkRedisSettings(redisConnections.command, redisKeys(config.CHANNEL_PREFIX, redisConnections.database))
  }

  fastify.get('/stream', {
    exposeHeadRoute: false,
    helmet: false,
    onRequest: [fastify.claimConnection, fastify.requireAccess('runs:read')],
    schema: {
      operationId: 'diagnose',
      tags: ['operation'],
      summary: 'Measure the way of a stream',
      description: 'A few ticks at fixed times, for `npx runcast doctor`: from their arrival it tells what buffers, cuts or delays streams. For runs:admin the first frame names settings of Redis that are wrong.',
      querystring: DiagnosticsQuerySchema,
      response: { ...diagnosticsResponses, ...problems(400, 401, 403, 406) }
    }
  }, async (request, reply) => {
    const { query: { ticks = 8, interval_ms: intervalMs = 250 }, access, headers: { 'last-event-id': lastEventId }, raw: { socket } } = request
    if (!reply.admitStream()) return
    try {
      const redis = ticks > 0 && access.scopes.has('runs:admin') ? { redis: await redisFindings() } : {}
      if (socket.destroyed) return
      const response = reply.startEventStream()
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      const first = { now: Date.now(), ticks, interval_ms: intervalMs, heartbeat_ms: config.STREAM_HEARTBEAT_MS, last_event_id: lastEventId?.toString() ?? null, ...redis }
      for await (const frame of diagnosticFrames(first, AbortSignal.any([gone.signal, stopping.signal]))) response.write(frame)
      response.end()
    } finally {
      streamLimits.giveBack(access.subject)
    }
  })
}

export default diagnosticsRoute
