import { fileURLToPath } from 'node:url'
import autoload from '@fastify/autoload'
import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import config, { type ConfigOptions } from './plugins/app/config.ts'
import basePath from './plugins/app/base-path.ts'
import type { GreetingOptions } from './plugins/app/greeting.ts'
import ui, { type UiOptions } from './plugins/app/ui.ts'

export { serverOptions as options } from './plugins/http/server-options.ts'

/** The parts of the service that a caller may replace. */
export interface ServiceOptions extends ConfigOptions, GreetingOptions, UiOptions {}

/**
 * The service: its settings, then the third-party plugins, then its own, then the routes, whose folders are their URLs.
 * Redis pub/sub is plugins/app/pubsub.ts, JWT is plugins/external/jwt.ts and plugins/app/auth.ts, SSE is
 * plugins/app/sse.ts; routes/api/v1/workflow-runs/stream.ts makes the stream of a run from them.
 */
const app: FastifyPluginAsync<ServiceOptions> = async (fastify, { config: given, print, uiDirectory }) => {
  await fastify.register(config, given === undefined ? {} : { config: given })
  await fastify.register(basePath)
  await fastify.register(ui, uiDirectory === undefined ? {} : { uiDirectory })
  await fastify.register(autoload, { dir: folder('plugins/external'), options: {} })
  await fastify.register(autoload, { dir: folder('plugins/app'), ignorePattern: /^(base-path|config|ui)\./, options: { print } })
  await fastify.register(autoload, { dir: folder('routes') })
}

export default fp(app, { name: 'runcast', fastify: '5.x' })

function folder (path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
