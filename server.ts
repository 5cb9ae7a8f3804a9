import cluster from 'node:cluster'
import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import { pino } from 'pino'
import { developmentSecret } from './services/auth/development-file.ts'
import { loadConfig, type Config } from './services/config.ts'
import { logFirstLine } from './services/first-line.ts'
import { loggerOptions } from './services/logging/logger-options.ts'
import { runProcesses } from './services/processes.ts'
import { explainStartFault } from './services/start-faults.ts'

/** The time that a stop may take beyond the drain before the process ends anyway, in milliseconds. */
const CLOSE_MS = 5_000

/** The number of connections that may wait to be accepted: after a restart all clients come back at once. */
const BACKLOG = 4_096

/** The signals that stop the service in good order. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

// Until it listens nobody is served, and there is nothing to put in order.
for (const signal of STOP_SIGNALS) process.on(signal, () => process.exit(0))

const config = readConfig()
if (config.WEB_CONCURRENCY > 1 && cluster.isPrimary) await startProcesses(config)
else await start(config)

/** Starts several processes behind one port; this one only keeps them running. */
async function startProcesses (config: Config): Promise<void> {
  // The secret is made here, before each of the others makes one of its own.
  if (!config.hasTokenKey) developmentSecret(config.DATA_DIR)
  // A process that is replaced later belongs to the same build as the others, though dist may lead to a newer one.
  cluster.setupPrimary({ exec: import.meta.filename })
  const logger = pino(loggerOptions(config.LOG_LEVEL, process.stdout.isTTY))
  logFirstLine(config, logger)
  const stopMs = config.drainDelayMs + config.DRAIN_MS + 2 * CLOSE_MS
  await withOwnSignals(() => runProcesses(config.WEB_CONCURRENCY, stopMs, logger))
  process.exit()
}

/** Starts the service, and stops it in good order at a signal. Exit codes: 0 after a signal, 1 after anything else. */
async function start (config: Config): Promise<void> {
  // It takes most of the time of a start, and a signal can end it.
  const { default: app, options } = await import('./app.ts')
  const fastify = Fastify({
    ...options,
    trustProxy: config.trustProxy,
    logger: loggerOptions(config.LOG_LEVEL, process.stdout.isTTY)
  })

  withOwnSignals(() => closeWithGrace({ delay: config.drainDelayMs + config.DRAIN_MS + CLOSE_MS, logger: fastify.log }, async ({ err, signal }) => {
    if (err !== undefined) fastify.log.fatal({ err }, 'a fault that nobody caught ends the process')
    else fastify.log.info({ signal }, 'stopping')
    // A start that went on would listen after all.
    if (!fastify.server.listening) process.exit(err === undefined ? 0 : 1)
    await fastify.close()
  }))

  try {
    await fastify.register(app, { config })
    await fastify.ready()
    await fastify.runLog.open()
    await fastify.listen({ host: config.HOST, port: config.PORT, backlog: BACKLOG })
  } catch (error) {
    fail(error, config)
  }
}

/**
 * Lets the listeners that `install` adds take the place of all earlier ones, among them those of `npm start`. The earlier
 * ones go last: Node loses a signal that arrives before a moment without any.
 */
function withOwnSignals<T> (install: () => T): T {
  const earlier = STOP_SIGNALS.map((signal) => ({ signal, listeners: process.listeners(signal) }))
  const result = install()
  for (const { signal, listeners } of earlier) for (const listener of listeners) process.off(signal, listener)
  return result
}

function readConfig (): Config {
  try {
    return loadConfig()
  } catch (error) {
    return fail(error, null)
  }
}

function fail (error: unknown, config: Config | null): never {
  process.stderr.write(`${explainStartFault(error, config)}\n`)
  process.exit(1)
}
