import type { RunTask } from '../../definition/dsl.ts'
import { errorText } from '../../error-text.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { unlessAborted } from '../abort.ts'
import { taskError } from '../problem.ts'
import { argumentText, environmentTexts } from '../process/arguments.ts'
import { logOutput } from '../process/log-output.ts'
import { startProcess, type Command } from '../process/process-group.ts'
import { tooLarge } from '../sizes.ts'
import type { TaskExecution } from '../task-execution.ts'

/**
 * Starts a program with its arguments as they are, never by a shell. Its lines become log events.
 *
 * @returns the part of the result that `return` names; with `await: false` the input, at once, and the process belongs to
 *   the run
 * @throws TaskError `runtime` when the exit code is not 0, unless `return` asks for the code
 */
export async function executeShell (execution: TaskExecution<RunTask>): Promise<Json> {
  const { run, task, place, input } = execution
  const isAwaited = task.run.await !== false
  const signal = isAwaited ? place.signal : run.signal
  if (!run.allowProcesses) throw taskError('authorization', 'Processes are not allowed: the operator of the engine allows them by ENGINE_ALLOW_PROCESSES.')
  const command = await commandOf(execution)
  const running = runProcess(execution, command.command, command.stdin, signal)
  if (isAwaited) return await running
  const background = running.then(() => {}, (error: unknown) => {
    if (!signal.aborted) execution.log('error', `The process failed: ${errorText(error)}`)
  }).finally(() => run.background.delete(background))
  run.background.add(background)
  return input
}

async function runProcess (execution: TaskExecution<RunTask>, command: Command, stdin: string, signal: AbortSignal): Promise<Json> {
  const { run, task } = execution
  const { return: wanted = 'stdout' } = task.run
  const group = await startProcess(command, run.environment)
  group.stdin.end(stdin)
  const stdout = collector(wanted === 'stdout' || wanted === 'all', run.maxDataBytes)
  const stderr = collector(wanted === 'stderr' || wanted === 'all', run.maxDataBytes)
  try {
    const [code] = await unlessAborted(signal, Promise.all([
      group.exit,
      logOutput(execution, group.stdout, 'stdout', stdout.add),
      logOutput(execution, group.stderr, 'stderr', stderr.add)
    ]))
    if (code !== 0 && wanted !== 'code' && wanted !== 'all') throw taskError('runtime', `The process "${command.program}" ended with exit code ${code}.`)
    if (wanted === 'all') return { code, stdout: stdout.text(), stderr: stderr.text() }
    return { code, stdout: stdout.text(), stderr: stderr.text(), none: null }[wanted]
  } finally {
    await group.end()
  }
}

async function commandOf ({ task, evaluate }: TaskExecution<RunTask>): Promise<{ readonly command: Command, readonly stdin: string }> {
  const { command, arguments: args = [], environment = {}, stdin = '' } = task.run.shell
  const given = await evaluate({ command, args, environment, stdin })
  const { command: program, args: list, environment: variables, stdin: text } = isJsonObject(given) ? given : {}
  if (typeof program !== 'string' || program === '') throw taskError('configuration', 'run.shell.command must be the name or path of a program.')
  if (!Array.isArray(list)) throw taskError('configuration', 'run.shell.arguments must be an array.')
  return {
    command: { program, arguments: list.map(argumentText), environment: environmentTexts(variables) },
    stdin: argumentText(text)
  }
}

/** Keeps output that is wanted. @throws TaskError `runtime` when it exceeds the bound */
function collector (isWanted: boolean, maxBytes: number): { add (chunk: Buffer): void, text (): string } {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    add (chunk) {
      if (!isWanted) return
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge('The output of the process', maxBytes)
      chunks.push(chunk)
    },
    text: () => Buffer.concat(chunks).toString('utf8')
  }
}
