import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { feedResponses } from '../../../../schemas/feed-frames.ts'
import { problems } from '../../../../schemas/problem.ts'
import { viewOf } from '../../../../services/feed/view.ts'

/** The stream of all runs that the client may see: their states, not their events. */
const feedRoute: FastifyPluginAsyncTypebox = async (fastify) => {
  const { feeds, streamLimits } = fastify

  fastify.get('/stream', {
    exposeHeadRoute: false,
    helmet: false,
    onRequest: [fastify.claimConnection, fastify.requireAccess('runs:read')],
    schema: {
      operationId: 'watchRuns',
      tags: ['stream'],
      summary: 'Watch all runs live',
      description: 'States, not a log: whatever cursor is sent, the stream begins with the newest page of runs. A later runs_snapshot begins anew too: it replaces what the client has.',
      response: { ...feedResponses, ...problems(401, 403, 406) }
    }
  }, async (request, reply) => {
    if (!reply.admitStream()) return
    const { access: { subject, tenant, expiresAt }, id } = request
    if (request.raw.socket.destroyed) {
      streamLimits.giveBack(subject)
      return
    }
    const fields = { request_id: id, subject }
    const view = viewOf(request.access)
    fastify.log.info(fields, 'feed opened')
    feeds.follow(tenant, view, reply.startEventStream(), fastify.streamExpiry(expiresAt), ({ openedAt, frames, bytes, end: reason }) => {
      streamLimits.giveBack(subject)
      fastify.log.info({ ...fields, duration_ms: Date.now() - openedAt, frames, bytes, reason }, 'feed ended')
    })
  })
}

export default feedRoute
