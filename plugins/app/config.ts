import cluster from 'node:cluster'
import fp from 'fastify-plugin'
import { loadConfig, type Config } from '../../services/config.ts'
import { logFirstLine } from '../../services/first-line.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly config: Config
  }
}

/** The options of the plugin. */
export interface ConfigOptions {
  /** The settings; read from the environment when left out. */
  readonly config?: Config
}

/** The settings: `fastify.config`, told in the first line of the log. Throws a ConfigError that names everything wrong with them. */
export default fp<ConfigOptions>(async (fastify, { config }) => {
  const settings = config ?? loadConfig()
  fastify.decorate('config', settings)
  // The process that starts several others has told it.
  if (cluster.isPrimary) logFirstLine(settings, fastify.log)
}, { name: 'config', fastify: '5.x' })
