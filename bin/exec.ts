import { randomBytes } from 'node:crypto'
import { basename } from 'node:path'
import type { StatusChange } from '@runcast/client'
import { createLineSplitter } from '@runcast/client/lines'
import { isRunId, RUN_ID_RULE, runPagePath } from '@runcast/protocol'
import { childEnvironment } from './child-environment.ts'
import { CLONE, findService } from './connection.ts'
import { startCommand, type Ending } from './run-command.ts'
import { createRunReporter, RESULT_PREFIX, type RunReporter } from './run-reporter.ts'
import { readArguments, say, SERVICE_OPTIONS, UsageError } from './terminal.ts'

/** JSON writes a byte as six at most, so that a line of this length stays below the service's limit of 256 KiB. */
const LINE_BYTES = 32_768
const RESULT_BYTES = 245_760
const NAME_CHARACTERS = 200
/** The time that the rest of the events may take when the command is over, in milliseconds. */
const DELIVERY_MS = 10_000
const PARENT_CHECK_MS = 500
const CANCELLING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * `runcast exec`: runs a command, here, as a watched run.
 *
 * @returns the exit code of the command
 * @throws UsageError
 */
export async function exec (args: string[]): Promise<number> {
  const { values, command } = readExecArguments(args)
  const service = await findService(values)
  const runId = values['run-id'] ?? newRunId(command)
  const link = `${service.url}${runPagePath(runId)}`
  const reporter = createRunReporter(service, runId)
  say(link)
  reporter.status('queued', { name: (values.name ?? command.join(' ')).slice(0, NAME_CHARACTERS) })
  const { code } = await runReported(command, reporter)
  say(link)
  return code
}

function readExecArguments (args: string[]) {
  const end = optionsEnd(args)
  const { values } = readArguments({
    args: args.slice(0, end),
    options: { ...SERVICE_OPTIONS, 'run-id': { type: 'string' }, name: { type: 'string' } }
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
  for (let word = args[0]; word !== undefined && word !== '--' && word.startsWith('-'); word = args[end]) end += word.includes('=') ? 1 : 2
  return Math.min(end, args.length)
}

/** Makes an id such as `npm-test-20261123-101500-3f9a2c`, which names the command, sorts by time and is unique. */
function newRunId ([program = '', ...rest]: readonly string[]): string {
  const words = [basename(program), ...rest].join(' ').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-/, '').slice(0, 40).replace(/-$/, '')
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  return `${words === '' ? 'run' : words}-${time}-${randomBytes(3).toString('hex')}`
}

async function runReported (command: readonly string[], reporter: RunReporter): Promise<Ending> {
  const startedAt = performance.now()
  const splitters = { stdout: lineSplitter(), stderr: lineSplitter() }
  const running = startCommand(command, {
    environment: childEnvironment(process.env, CLONE, process.stdout.isTTY ? process.stdout.getColorDepth() : 1),
    onStart: () => reporter.status('running', { previous_status: 'queued' }),
    async onOutput (output, chunk) {
      reporter.lines(output, splitters[output].push(chunk))
      if (reporter.behind) await reporter.ready()
    }
  })
  const cancel = (signal: NodeJS.Signals) => running.isOver ? reporter.finish(0) : running.cancel(signal)
  for (const signal of CANCELLING_SIGNALS) process.on(signal, cancel)
  if (process.env['npm_lifecycle_event'] === 'npx') whenParentIsGone(() => cancel('SIGTERM'))
  const ending = await running.ending
  reporter.lines('stdout', splitters.stdout.end())
  reporter.lines('stderr', splitters.stderr.end())
  if (ending.startError !== null) say(`${command[0]}: ${ending.startError}`)
  reporter.status(...verdict(ending, Math.round(performance.now() - startedAt)))
  await reporter.finish(DELIVERY_MS)
  return ending
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

function lineSplitter () {
  return createLineSplitter(LINE_BYTES, { prefix: RESULT_PREFIX, maxBytes: RESULT_BYTES })
}

/** The terminal status of an ending, and the fields of its event. */
function verdict (ending: Ending, durationMs: number): [string, Omit<StatusChange, 'status'>] {
  const facts = { exit_code: ending.code, duration_ms: durationMs, ...(ending.signal === null ? {} : { signal: ending.signal }) }
  if (ending.startError !== null) return ['failed', { previous_status: 'queued', ...facts, error: ending.startError }]
  if (ending.cancelledBy !== null) return ['cancelled', { previous_status: 'running', ...facts, reason: ending.cancelledBy }]
  if (ending.code === 0) return ['succeeded', { previous_status: 'running', ...facts }]
  const error = ending.signal === null ? `exit code ${ending.code}` : `killed by ${ending.signal}`
  return ['failed', { previous_status: 'running', ...facts, error }]
}
