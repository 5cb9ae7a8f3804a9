import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../../../../schemas/problem.ts'
import { RunParamsSchema } from '../../../../schemas/runs.ts'

/** The most bytes of a body, which is not read. */
const MAX_IGNORED_BYTES = 1_024

/** Tells a publisher that its run needs no more signs. */
const RUN_FINISHED = 'runcast-run-finished'

/** Signs of life of publishers. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined))

  fastify.post('/:run_id/alive', {
    onRequest: fastify.requireAccess('runs:write'),
    bodyLimit: MAX_IGNORED_BYTES,
    schema: {
      operationId: 'signalAlive',
      tags: ['events'],
      summary: 'Say that the publisher of a run lives',
      description: 'For publishers that are silent for a while, about every 20 seconds. It is no event and prolongs nothing. From the first sign on, silence counts: pages show it, and RUN_LOST_AFTER_S may end the run as lost. A finished run stays as it is: the answer then has the header `Runcast-Run-Finished: true`, and no more signs are needed.',
      params: RunParamsSchema,
      response: { 204: Type.Null({ description: 'The sign is noted.' }), ...problems(400, 401, 403, 404, 503) }
    }
  }, async ({ params, access }, reply) => {
    const goesOn = await fastify.runLog.noteAlive(params.run_id, access.tenant)
    if (!goesOn) reply.header(RUN_FINISHED, 'true')
    return await reply.code(204).send(null)
  })
}

export default routes
