import type { McpArguments } from '../../definition/dsl.ts'
import { isJsonObject } from '../../json.ts'
import { taskError } from '../problem.ts'
import { environmentTexts } from '../process/arguments.ts'
import { logOutput } from '../process/log-output.ts'
import { startProcess } from '../process/process-group.ts'
import type { TaskExecution } from '../task-execution.ts'
import { ENVELOPE_BYTES, type Connection } from './connection.ts'
import { rejection } from './rejection.ts'
import { createStdioTransport } from './stdio-transport.ts'

/** The most lines of output that are no messages: a process with more of them is no MCP server. */
const MAX_STRAY_LINES = 100

/** Starts a server and speaks with it over its standard input and output. @throws TaskError `configuration`, `authorization` */
export async function openStdio (execution: TaskExecution, stdio: NonNullable<McpArguments['transport']['stdio']>): Promise<Connection> {
  const { run, place } = execution
  if (!run.allowProcesses) throw taskError('authorization', 'MCP servers over stdio are not allowed: the operator of the engine allows processes by ENGINE_ALLOW_PROCESSES.')
  const given = await execution.evaluate({ program: stdio.command, args: stdio.arguments ?? [], environment: stdio.environment ?? {} })
  const { program, args, environment } = isJsonObject(given) ? given : {}
  const group = await startProcess({ program: String(program), arguments: Array.isArray(args) ? args.map(String) : [], environment: environmentTexts(environment) }, run.environment)
  const errors = logOutput(execution, group.stderr, 'stderr', () => {})
  const strayLines: string[] = []
  const firstStrayLine = () => run.events.masked(strayLines[0] ?? '').slice(0, 200)
  const mask = run.events.lines()
  const breaking = rejection()
  const transport = createStdioTransport(group, {
    maxMessageBytes: run.maxDataBytes + ENVELOPE_BYTES,
    onTooLong: () => breaking.reject(taskError('runtime', `A message of the MCP server "${String(program)}" has more than the ${run.maxDataBytes} bytes that are allowed.`)),
    onStrayLine (line) {
      strayLines.push(line)
      if (strayLines.length > MAX_STRAY_LINES) return breaking.reject(taskError('runtime', `The MCP server "${String(program)}" prints lines that are no MCP messages, such as "${firstStrayLine()}".`))
      for (const shown of mask.push(line)) run.events.log('warning', shown, place.pointer, 'stdout')
    }
  })
  group.closed.then((code) => breaking.reject(taskError('runtime', `The MCP server "${String(program)}" ended with exit code ${code} before it answered.`))).catch(() => {})
  return {
    transport,
    authorization: null,
    broken: breaking.promise,
    get hint () {
      return strayLines.length === 0 ? null : `It printed a line that is no MCP message: "${firstStrayLine()}".`
    },
    async close () {
      await transport.close()
      await errors
      for (const shown of mask.end()) run.events.log('warning', shown, place.pointer, 'stdout')
    }
  }
}
