import fp from 'fastify-plugin'
import { SettingsSchema } from '../../schemas/config.ts'
import { createEngineService, type EngineService } from '../../services/engine/engine-service.ts'
import { createPublishers } from '../../services/engine/publishers.ts'
import { createEmbeddedRunStore } from '../../services/engine/run-store/embedded/embedded-run-store.ts'
import { createRedisRunStore } from '../../services/engine/run-store/redis/redis-run-store.ts'
import { redisKeys } from '../../services/redis/keys.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly engine: EngineService
  }
}

/** The share of DRAIN_MS that the last events of interrupted runs may take. */
const LAST_EVENTS_SHARE = 0.5

/**
 * The workflow engine: `fastify.engine`. Its events go through the validation and the publisher of the publish route.
 * At a shutdown it stops while the service still answers, so that its followers see its last events; its store closes
 * before the run log does.
 */
export default fp(async (fastify) => {
  const { config, redisConnections: connections, log: logger } = fastify
  const store = connections === null
    ? createEmbeddedRunStore({ directory: config.DATA_DIR, minFreeBytes: config.MIN_FREE_BYTES, ttlSeconds: config.RUN_TTL_S })
    : createRedisRunStore({ redis: connections.command, keys: redisKeys(config.CHANNEL_PREFIX, connections.database), ttlSeconds: config.RUN_TTL_S })
  const publishers = createPublishers({
    publish: (publication) => fastify.publisher.publish(publication),
    limits: { maxEventBytes: config.MAX_EVENT_BYTES, terminalStatuses: config.terminalStatuses },
    logger
  })
  const engine = createEngineService({
    store,
    log: fastify.runLog,
    publishers,
    logger,
    workflowsDirectory: config.WORKFLOWS_DIR,
    environment: secretsEnvironment(),
    allowProcesses: config.allowProcesses,
    allowedHosts: config.allowedHosts,
    maxDataBytes: config.ENGINE_MAX_DATA_BYTES,
    expressionDeadlineMs: config.ENGINE_EXPRESSION_DEADLINE_MS,
    leaseMs: config.ENGINE_LEASE_MS,
    maxConcurrentRuns: config.ENGINE_MAX_RUNS
  })
  fastify.decorate('engine', engine)
  fastify.onStart(async () => engine.watch())
  fastify.onDrain(() => engine.close(config.DRAIN_MS * LAST_EVENTS_SHARE))
  fastify.addHook('onClose', () => store.close())
}, { name: 'engine', fastify: '5.x', dependencies: ['config', 'publisher', 'redis', 'run-log', 'shutdown'] })

/** The environment without the service's own settings: its keys are no workflow's secrets. */
function secretsEnvironment (): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !(name in SettingsSchema.properties)))
}
