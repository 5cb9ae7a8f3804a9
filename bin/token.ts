import { findService } from './connection.ts'
import { readArguments, SERVICE_OPTIONS, UsageError } from './terminal.ts'

/**
 * `runcast token`: prints the bearer token that the other commands use, for curl and for programs.
 *
 * @returns the exit code
 * @throws UsageError when there is none
 */
export async function token (args: string[]): Promise<number> {
  const { values } = readArguments({ args, options: SERVICE_OPTIONS })
  const service = await findService(values)
  const bearer = service.token ?? await service.getToken?.()
  if (bearer === undefined) throw new UsageError(`no token is known for ${service.url}: set RUNCAST_TOKEN`)
  process.stdout.write(`${bearer}\n`)
  return 0
}
