import { Type, type FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { problems } from '../../../../../schemas/problem.ts'

/** `/api/v1/session/login-codes`: makes new login URLs for `runcast login`. The route exists in a development start only. */
const routes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { loginCodes } = fastify
  if (loginCodes === null) return

  fastify.post('', {
    onRequest: fastify.requireAccess('runs:admin'),
    schema: {
      operationId: 'createLoginCode',
      tags: ['session'],
      summary: 'Make a login code (development only)',
      description: 'The code is good once and for 10 minutes, for a session with the rights of the caller.',
      response: { 201: Type.Ref('LoginCode#'), ...problems(401, 403) }
    }
  }, async (request, reply) => {
    const { claims: { exp, ...grant } } = await fastify.authenticate(request)
    const { code, expiresAt } = await loginCodes.create(grant)
    reply.code(201)
    return { code, url: fastify.loginUrl(code), expires_at: new Date(expiresAt).toISOString() }
  })
}

export default routes
