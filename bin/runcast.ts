import { RuncastError } from '@runcast/client'
import { explain } from './connection.ts'
import { doctor } from './doctor.ts'
import { exec } from './exec.ts'
import { login } from './login.ts'
import { tail } from './tail.ts'
import { say, UsageError } from './terminal.ts'
import { token } from './token.ts'

const HELP = `Usage: runcast <command> [options]

  exec [--run-id ID] [--name NAME] [--no-tty] -- <command ...>
        Runs a command, here, as a watched run. Output and exit code pass through.
        At a terminal the command gets a terminal of its own; --no-tty gives it pipes.
        A line "::result::" followed by JSON becomes a result of the run.

  tail <run_id> [--from first|now] [--tail N]
        Follows a run; lines of stderr are marked with "!". Exits 0 when it succeeded,
        1 when it failed, 2 for anything else.

  doctor [--idle] [--json]
        Tests the way of streams from here to the service: what buffers, cuts or delays them,
        whether the token works, and with runs:admin the settings of Redis. --idle listens to a
        silent stream, too. Exits 0 when all is well, 1 when it found something, 2 when it could
        not test.

  login
        Prints a new link that logs a browser in.

  token
        Prints a bearer token, good for an hour, for the service on this machine.

Options of every command:
  --url URL      the service; else RUNCAST_URL, else the one started last beside this command
  --token TOKEN  a bearer token; else RUNCAST_TOKEN, else one made for the service on this machine
  --help
`

const COMMANDS = new Map([['doctor', doctor], ['exec', exec], ['tail', tail], ['login', login], ['token', token]])

async function main ([name = '--help', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP)
    return 0
  }
  const command = COMMANDS.get(name)
  if (command === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`)
  const ownEnd = args.indexOf('--')
  if ((ownEnd === -1 ? args : args.slice(0, ownEnd)).includes('--help')) return await main(['--help'])
  return await command(args)
}

/**
 * Runs the command line, and sets the exit code.
 *
 * @param args the words after `runcast`
 */
export async function runcast (args: string[]): Promise<void> {
  try {
    process.exitCode = await main(args)
  } catch (error) {
    if (error instanceof UsageError) say(`${error.message}. See runcast --help.`)
    else if (error instanceof RuncastError) say(explain(error))
    else throw error
    process.exitCode = 2
  }
}
