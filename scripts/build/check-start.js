import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BuildError } from './command.js'
import { ROOT } from './root.js'

/** The module of the service that knows its lock and its port, as it was built last. */
const MODULE = join(ROOT, 'dist/services/start-faults.js')

/**
 * Makes sure that no other process is in the way of a start, before a build takes half a minute. Without an earlier
 * build nothing is checked, since no service has started from here.
 *
 * @throws BuildError with the sentence of the service
 */
export async function checkStart () {
  if (!existsSync(MODULE)) return
  // An older build may not fit the packages that are installed now.
  const { findStartFault } = await import(pathToFileURL(MODULE)).catch(() => ({}))
  const fault = await findStartFault?.() ?? null
  if (fault !== null) throw new BuildError(fault)
}
