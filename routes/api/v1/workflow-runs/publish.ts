import { Type, TypeBoxValidatorCompiler, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { MAX_BODY_BYTES } from '@runcast/protocol'
import { publishBody, PublishHeadersSchema } from '../../../../schemas/history.ts'
import { problems } from '../../../../schemas/problem.ts'
import { RunParamsSchema } from '../../../../schemas/runs.ts'
import { parseEvents } from '../../../../services/events/parse-events.ts'

const NDJSON = 'application/x-ndjson'

/** Publishes events of a run. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, publisher } = fastify
  const limits = { maxEventBytes: config.MAX_EVENT_BYTES, terminalStatuses: config.terminalStatuses }

  // The payloads keep their publishers' own text, so no parser or validator may touch the body before the service does.
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser(['application/json', NDJSON], { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  fastify.post('/:run_id/events', {
    onRequest: fastify.requireAccess('runs:write'),
    bodyLimit: MAX_BODY_BYTES,
    schema: {
      operationId: 'publishEvents',
      tags: ['events'],
      summary: 'Publish events of a run',
      description: 'One event, an array, or NDJSON: all of it is stored, in order, or nothing. The body may be compressed; its bound is that of what it unpacks to. The run comes to be with its first event, and stays as its first terminal status left it: the answer says so.',
      params: RunParamsSchema,
      headers: PublishHeadersSchema,
      body: publishBody,
      response: { 201: Type.Ref('PublishedIds#'), ...problems(400, 401, 403, 404, 413, 415, 422, 503, 507) }
    },
    validatorCompiler: (route) => route.httpPart === 'body' ? () => true : TypeBoxValidatorCompiler(route)
  }, async (request, reply) => {
    const { params, headers, access } = request
    const kind = headers['content-type']?.toLowerCase().startsWith(NDJSON) === true ? 'ndjson' : 'json'
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const { ids, run } = await publisher.publish({
      runId: params.run_id,
      tenant: access.tenant,
      events: parseEvents(body, kind, limits),
      idempotencyKey: headers['idempotency-key']
    })
    reply.code(201)
    return { ids, run }
  })
}

export default routes
