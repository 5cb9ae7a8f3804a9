import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import { isatty } from 'node:tty'
import type { StatusChange } from '@runcast/client'
import { isRunId, RUN_ID_RULE, runPagePath } from '@runcast/protocol'
import { childEnvironment } from './child-environment.ts'
import { commandName } from './command-name.ts'
import { makeCommandOutputs, type OutputName } from './command-outputs.ts'
import { CLONE, findService, type GivenService } from './connection.ts'
import { createOutputLines } from './output-lines.ts'
import { startCommand, type Ending } from './run-command.ts'
import { createRunReporter, createSilentReporter, type RunReporter } from './run-reporter.ts'
import { readArguments, say, SERVICE_OPTIONS, UsageError } from './terminal.ts'

const NAME_CHARACTERS = 200
/** The time that the rest of the events may take when the command is over, in milliseconds. */
const DELIVERY_MS = 10_000
const PARENT_CHECK_MS = 500
/** The signals that would end this process, and that a process can take. */
const ENDING_SIGNALS = [
  'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGUSR1', 'SIGUSR2',
  'SIGXCPU', 'SIGXFSZ', 'SIGTRAP', 'SIGSYS', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'
] as const
/** Flags among the options, which have no value. */
const FLAGS = new Set(['--no-tty', '--help'])

/**
 * `runcast exec`: runs a command, here, as a watched run.
 *
 * @returns the exit code of the command
 * @throws UsageError
 */
export async function exec (args: string[]): Promise<number> {
  const { values, command } = readExecArguments(args)
  const runId = values['run-id'] ?? newRunId(command)
  const name = (values.name ?? commandName(command)).slice(0, NAME_CHARACTERS)
  const { reporter, link } = await findReporter(values, runId)
  if (link !== null) say(link)
  reporter.status('queued', { name })
  const { code } = await runReported(command, reporter, values['no-tty'] !== true)
  if (link !== null) say(link)
  dieWithTerminal()
  return code
}

/** Ends this process by SIGHUP where its terminal is gone: Node crashes when it restores such a terminal at its end. */
function dieWithTerminal (): void {
  if (![process.stdin, process.stdout, process.stderr].some(({ isTTY }, descriptor) => isTTY && !isatty(descriptor))) return
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

/**
 * Makes the reporter of the run. The command runs without one when no service can be found.
 *
 * @throws UsageError for an address on the command line that makes no sense
 */
async function findReporter (given: GivenService, runId: string): Promise<{ reporter: RunReporter, link: string | null }> {
  try {
    const service = await findService(given)
    return { reporter: createRunReporter(service, runId), link: `${service.url}${runPagePath(runId)}` }
  } catch (error) {
    if (given.url !== undefined && error instanceof UsageError) throw error
    say(`The command runs without being watched: ${error instanceof Error ? error.message : String(error)}.`)
    return { reporter: createSilentReporter(), link: null }
  }
}

function readExecArguments (args: string[]) {
  const end = optionsEnd(args)
  const { values } = readArguments({
    args: args.slice(0, end),
    options: { ...SERVICE_OPTIONS, 'run-id': { type: 'string' }, name: { type: 'string' }, 'no-tty': { type: 'boolean' } }
  })
  const runId = values['run-id']
  if (runId !== undefined && !isRunId(runId)) throw new UsageError(`a run id has ${RUN_ID_RULE}`)
  const command = args.slice(args[end] === '--' ? end + 1 : end)
  if (command[0] === undefined || command[0] === '') throw new UsageError('exec needs a command: runcast exec -- <command ...>')
  return { values, command }
}

/** Finds the end of the options: `--` or, since `npm exec` swallows that, the first word that is neither an option nor its value. */
function optionsEnd (args: string[]): number {
  let end = 0
  for (let word = args[0]; word !== undefined && word !== '--' && word.startsWith('-'); word = args[end]) end += word.includes('=') || FLAGS.has(word) ? 1 : 2
  return Math.min(end, args.length)
}

/** Makes an id such as `npm-20261123-101500-3f9a2c`, which names the program, sorts by time and is unique. */
function newRunId ([program = '']: readonly string[]): string {
  const word = basename(commandName([program])).replace(/[^A-Za-z0-9]+/g, '-').replace(/^-/, '').slice(0, 40).replace(/-$/, '')
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  return `${word === '' ? 'run' : word}-${time}-${randomBytes(3).toString('hex')}`
}

async function runReported (command: readonly string[], reporter: RunReporter, wantsTerminal: boolean): Promise<Ending> {
  const lines = new Map<OutputName, ReturnType<typeof createOutputLines>>()
  const linesOf = (output: OutputName) => {
    const found = lines.get(output) ?? createOutputLines((told) => reporter.lines(output, told))
    lines.set(output, found)
    return found
  }
  const outputs = makeCommandOutputs(wantsTerminal)
  const running = startCommand(command, {
    environment: environmentOf(outputs.terminal !== null),
    outputs,
    onStart: () => reporter.status('running', { previous_status: 'queued' }),
    async onOutput (output, chunk) {
      linesOf(output).push(chunk)
      if (reporter.behind) await reporter.ready()
    }
  })
  const cancel = (signal: NodeJS.Signals) => running.isOver ? reporter.finish(0) : running.cancel(signal)
  for (const signal of ENDING_SIGNALS) onSignal(signal, cancel)
  if (process.env['npm_lifecycle_event'] === 'npx') whenParentIsGone(() => cancel('SIGTERM'))
  const ending = await running.ending
  for (const each of lines.values()) each.end()
  if (ending.startError !== null) say(`${command[0]}: ${ending.startError}`)
  reporter.status(...verdict(ending))
  await reporter.finish(DELIVERY_MS)
  return ending
}

/** The environment of the command. Through a pipe, Python would hold its output back. */
function environmentOf (hasTerminal: boolean): NodeJS.ProcessEnv {
  if (hasTerminal) return childEnvironment(process.env, CLONE, 1)
  return { PYTHONUNBUFFERED: '1', ...childEnvironment(process.env, CLONE, process.stdout.isTTY ? process.stdout.getColorDepth() : 1) }
}

function onSignal (signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): void {
  try {
    process.on(signal, listener)
  } catch {
    // The system does not have this signal.
  }
}

/** Notices the end of the parent process. npx does not pass its signals on, so its end is all that can be seen of them. */
function whenParentIsGone (callback: () => void): void {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    callback()
  }, PARENT_CHECK_MS).unref()
}

/** The terminal status of an ending, and the fields of its event. */
function verdict (ending: Ending): [string, Omit<StatusChange, 'status'>] {
  const facts = { exit_code: ending.code, duration_ms: ending.durationMs, ...(ending.signal === null ? {} : { signal: ending.signal }) }
  if (ending.startError !== null) return ['failed', { previous_status: 'queued', ...facts, error: ending.startError }]
  if (ending.cancelledBy !== null) return ['cancelled', { previous_status: 'running', ...facts, reason: ending.cancelledBy }]
  if (ending.code === 0) return ['succeeded', { previous_status: 'running', ...facts }]
  const error = ending.signal === null ? `exit code ${ending.code}` : `killed by ${ending.signal}`
  return ['failed', { previous_status: 'running', ...facts, error }]
}
