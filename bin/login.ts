import { callService, findService } from './connection.ts'
import { readArguments, SERVICE_OPTIONS } from './terminal.ts'

/**
 * `runcast login`: prints a new one-time link that logs a browser in.
 *
 * @returns the exit code
 * @throws UsageError, RuncastError
 */
export async function login (args: string[]): Promise<number> {
  const { values } = readArguments({ args, options: SERVICE_OPTIONS })
  const answer = await callService(await findService(values), 'POST', '/api/v1/session/login-codes')
  if (typeof answer !== 'object' || answer === null || !('url' in answer)) throw new TypeError('The service gave no link.')
  process.stdout.write(`${String(answer.url)}\n`)
  return 0
}
