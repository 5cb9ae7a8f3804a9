import { Script } from '../../redis/script.ts'

/**
 * Reads a script on the log of a run, which may use the functions of log.lua.
 *
 * @param name the file of the script, beside this module
 * @param parts further files that go before it
 */
export function logScript (name: string, ...parts: readonly string[]): Script {
  return new Script(import.meta.url, name, ['log.lua', ...parts])
}
