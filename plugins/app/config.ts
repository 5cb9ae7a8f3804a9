import fp from 'fastify-plugin'
import { loadConfig, type Config } from '../../services/config.ts'

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

/** The settings: `fastify.config`. Throws a ConfigError that names everything wrong with them. */
export default fp<ConfigOptions>(async (fastify, { config }) => {
  fastify.decorate('config', config ?? loadConfig())
}, { name: 'config', fastify: '5.x' })
