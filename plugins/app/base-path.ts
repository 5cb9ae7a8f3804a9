import fp from 'fastify-plugin'
import { createBasePaths, type BasePaths } from '../../services/gateway/base-paths.ts'
import { trustedProxies } from '../../services/gateway/trusted-proxies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The paths of shared hosts below which gateways show the service. */
    readonly basePaths: BasePaths
  }
  interface FastifyRequest {
    /** The path below which the client sees the service, such as /runcast; '' for the root of its host. */
    readonly basePath: string
  }
}

/** Tells the base path of each request. The option `rewriteUrl` of the server takes it off. */
export default fp(async (fastify) => {
  const { config } = fastify
  const basePaths = createBasePaths(config.BASE_PATH, trustedProxies(config.trustProxy))
  fastify.decorate('basePaths', basePaths)
  fastify.decorateRequest('basePath', { getter () { return basePaths.of(this.raw) } })
}, { name: 'base-path', fastify: '5.x', dependencies: ['config'] })
