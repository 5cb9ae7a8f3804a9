import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { PROBLEM_MEDIA_TYPE, type Problem } from '../../schemas/problem.ts'
import { problemOf, problemOfStatus, retryAfterOf } from '../../services/problems/problem.ts'

/** Answers every error, and every address where there is nothing, with a problem document. */
export default fp(async (fastify) => {
  fastify.setErrorHandler(async (error, request, reply) => {
    const problem = problemOf(error, request.id)
    const retryAfter = retryAfterOf(error)
    if (problem.status >= 500 && problem.code !== 'unavailable') request.log.error({ err: error }, 'a request failed')
    else request.log.debug({ err: error }, 'a request was refused')
    if (retryAfter !== null) reply.header('retry-after', String(retryAfter))
    return sendProblem(reply, problem)
  })

  fastify.setNotFoundHandler(async (request, reply) => sendProblem(reply, problemOfStatus(404, request.id)))
}, { name: 'errors', fastify: '5.x' })

/** Answers with a problem document. */
export function sendProblem (reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(JSON.stringify(problem))
}
