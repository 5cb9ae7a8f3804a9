import fp from 'fastify-plugin'
import { joinProcesses, type Processes } from '../../services/process-questions.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly processes: Processes
    /** Tells if every process of the service can serve now, this one too. */
    areAllReady (): Promise<boolean>
  }
}

/** The processes that share the port: `fastify.processes`. */
export default fp(async (fastify) => {
  const processes = joinProcesses()
  fastify.decorate('processes', processes)
  fastify.decorate('areAllReady', async () => {
    const answers = await processes.ask('readiness').catch(() => [false])
    return answers.every((isReady) => isReady === true)
  })
  fastify.addHook('onClose', async () => processes.leave())
}, { name: 'processes', fastify: '5.x' })
