import cluster from 'node:cluster'
import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import { pino } from 'pino'
import app, { options } from './app.ts'
import { developmentSecret } from './services/auth/development-file.ts'
import { ConfigError, loadConfig, type Config } from './services/config.ts'
import { logFirstLine } from './services/first-line.ts'
import { loggerOptions } from './services/logging/logger-options.ts'
import { runProcesses } from './services/processes.ts'
import { isProblemError } from './services/problems/problem-error.ts'
import { DataDirectoryInUseError } from './services/problems/storage-errors.ts'
import { LayoutError } from './services/redis/layout.ts'

/** The time that a stop may take beyond the drain before the process ends anyway, in milliseconds. */
const CLOSE_MS = 5_000

/** The number of connections that may wait to be accepted: after a restart all clients come back at once. */
const BACKLOG = 4_096

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
  await runProcesses(config.WEB_CONCURRENCY, config.DRAIN_MS + 2 * CLOSE_MS, logger)
  process.exit()
}

/** Starts the service, and stops it in good order at a signal. Exit codes: 0 after a signal, 1 after anything else. */
async function start (config: Config): Promise<void> {
  const fastify = Fastify({
    ...options,
    trustProxy: config.trustProxy,
    logger: loggerOptions(config.LOG_LEVEL, process.stdout.isTTY)
  })

  closeWithGrace({ delay: config.DRAIN_MS + CLOSE_MS, logger: fastify.log }, async ({ err, signal }) => {
    if (err !== undefined) fastify.log.fatal({ err }, 'a fault that nobody caught ends the process')
    else fastify.log.info({ signal }, 'stopping')
    await fastify.close()
  })

  try {
    await fastify.register(app, { config })
    await fastify.ready()
    await fastify.runLog.open()
    await fastify.listen({ host: config.HOST, port: config.PORT, backlog: BACKLOG })
  } catch (error) {
    fail(explain(error, config))
  }
}

function readConfig (): Config {
  try {
    return loadConfig()
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message)
    throw error
  }
}

/** Explains why the service can't start: in one sentence where one helps, else by everything that is known. */
function explain (error: unknown, { HOST, PORT }: Config): string {
  if (isProblemError(error) || error instanceof DataDirectoryInUseError || error instanceof LayoutError) return error.message
  if (!(error instanceof Error)) return String(error)
  if (!('code' in error)) return error.stack ?? error.message
  if (error.code === 'EADDRINUSE') return `Something else listens on ${HOST} port ${PORT}. Stop it, or set PORT.`
  if (error.code === 'EACCES') return `Listening on ${HOST} port ${PORT} is not permitted. Set PORT to one above 1023.`
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return `HOST ${HOST} is not an address of this machine.`
  return error.stack ?? error.message
}

function fail (message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
