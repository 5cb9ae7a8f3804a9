import { once } from 'node:events'
import { createServer } from 'node:net'
import { ConfigError, loadConfig, type Config } from './config.ts'
import { checkUnowned } from './lmdb/process-lock.ts'
import { isProblemError } from './problems/problem-error.ts'
import { DataDirectoryInUseError } from './problems/storage-errors.ts'
import { LayoutError } from './redis/layout.ts'

/**
 * Finds out if another process is in the way of a start: it has the data directory or the port. Settings that are wrong
 * are left to the start itself, since this may be an older version that knows less of them.
 *
 * @returns the sentence with which the start would end; null when nothing is in the way
 */
export async function findStartFault (): Promise<string | null> {
  const config = readConfig()
  if (config === null) return null
  try {
    if (config.redis === null) await checkUnowned(config.DATA_DIR)
    await checkPort(config)
    return null
  } catch (error) {
    return explainStartFault(error, config)
  }
}

/**
 * Explains why the service can't start: in one sentence where one helps, else by everything that is known.
 *
 * @param config null when the settings could not be read
 */
export function explainStartFault (error: unknown, config: Config | null): string {
  if (isProblemError(error) || error instanceof DataDirectoryInUseError || error instanceof ConfigError || error instanceof LayoutError) return error.message
  if (!(error instanceof Error)) return String(error)
  const { HOST, PORT } = config ?? { HOST: '', PORT: 0 }
  switch ('code' in error ? error.code : undefined) {
    case 'EADDRINUSE': return `Something else listens on ${HOST} port ${PORT}. Stop it, or set PORT.`
    case 'EACCES': return `Listening on ${HOST} port ${PORT} is not permitted. Set PORT to one above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND': return `HOST ${HOST} is not an address of this machine.`
    default: return error.stack ?? error.message
  }
}

function readConfig (): Config | null {
  try {
    return loadConfig()
  } catch {
    return null
  }
}

/** Listens for a moment. */
async function checkPort ({ HOST, PORT }: Config): Promise<void> {
  const server = createServer().listen(PORT, HOST)
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
