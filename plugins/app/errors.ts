import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { PROBLEM_MEDIA_TYPE } from '../../schemas/problem.ts'
import { problemOf, refusalOf, refusalOfStatus, type Refusal } from '../../services/problem.ts'

/** Every error answer is a problem document: what was thrown, and what is not there. */
export default fp(async (fastify) => {
  const embedded = fastify.config.redis === null

  fastify.setErrorHandler(async (error, request, reply) => {
    const refusal = refusalOf(error, embedded)
    if (refusal.status >= 500 && refusal.code !== 'unavailable') request.log.error({ err: error }, 'a request failed')
    else request.log.debug({ err: error }, 'a request was refused')
    return sendRefusal(reply, refusal)
  })

  fastify.setNotFoundHandler(async (_request, reply) => sendRefusal(reply, refusalOfStatus(404)))
}, { name: 'errors', fastify: '5.x', dependencies: ['config'] })

/** Answers with a problem document. */
export function sendRefusal (reply: FastifyReply, refusal: Refusal): FastifyReply {
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter))
  return reply.code(refusal.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problemOf(refusal, reply.request.id)))
}
