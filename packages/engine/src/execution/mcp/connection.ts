import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { McpArguments } from '../../definition/dsl.ts'
import { boundedFetch } from '../http/bounded-fetch.ts'
import { authorizationHeader, authorizationVariable, endpointOf, namedHeaders, type Authorization } from '../http/request.ts'
import { taskError, type TaskError } from '../problem.ts'
import { logOutput } from '../process/log-output.ts'
import { startProcess } from '../process/process-group.ts'
import { isJsonObject } from '../../definition/json.ts'
import type { TaskExecution } from '../task-execution.ts'
import { textsOf } from '../tasks/shell.ts'
import { createStdioTransport } from './stdio-transport.ts'

/** The way to an MCP server. */
export interface Connection {
  readonly transport: Transport
  readonly authorization: Authorization
  /** Rejects when the server can't be spoken with any more, in words for the author of the workflow. */
  readonly broken: Promise<never>
  /** What the server did that may explain why it does not answer; null for nothing. */
  readonly suspicion: string | null
  /** Ends the connection and what was started for it. */
  close (): Promise<void>
}

/** So many lines that are no messages show that a process is no MCP server. */
const MAX_GARBAGE = 100
/** How long a server may take to end its session when the call is over, in milliseconds. */
const GOODBYE_MS = 500

/** Opens the transport of a call. @throws TaskError `configuration`, `authorization` */
export async function openConnection (execution: TaskExecution, transport: McpArguments['transport']): Promise<Connection> {
  if (transport.stdio !== undefined) return await openStdio(execution, transport.stdio)
  if (transport.http !== undefined) return await openHttp(execution, transport.http)
  throw taskError('configuration', 'An MCP call needs a transport: http or stdio.')
}

async function openStdio (execution: TaskExecution, stdio: NonNullable<McpArguments['transport']['stdio']>): Promise<Connection> {
  const { run, place } = execution
  if (!run.allowProcesses) throw taskError('authorization', 'MCP servers over stdio are not allowed: the operator of the engine allows processes by ENGINE_ALLOW_PROCESSES.')
  const given = await execution.evaluate({ program: stdio.command, args: stdio.arguments ?? [], environment: stdio.environment ?? {} })
  const { program, args, environment } = isJsonObject(given) ? given : {}
  const group = await startProcess({ program: String(program), arguments: Array.isArray(args) ? args.map(String) : [], environment: textsOf(environment) }, run.environment)
  const errors = logOutput(execution, group.stderr, 'stderr', () => {})
  const garbage: string[] = []
  const firstGarbage = () => run.events.masked(garbage[0] ?? '').slice(0, 200)
  const mask = run.events.lines()
  const breaking = rejection()
  const transport = createStdioTransport(group, {
    maxMessageLength: run.maxDataBytes + ENVELOPE_LENGTH,
    onTooLong: () => breaking.reject(taskError('runtime', `A message of the MCP server "${String(program)}" has more than the ${run.maxDataBytes} bytes that are allowed.`)),
    onGarbage (line) {
      garbage.push(line)
      if (garbage.length > MAX_GARBAGE) return breaking.reject(taskError('runtime', `The MCP server "${String(program)}" prints what are no MCP messages, such as "${firstGarbage()}".`))
      for (const shown of mask.push(line)) run.events.log('warning', shown, place.pointer, 'stdout')
    }
  })
  group.closed.then((code) => breaking.reject(taskError('runtime', `The MCP server "${String(program)}" ended with exit code ${code} before it answered.`))).catch(() => {})
  return {
    transport,
    authorization: null,
    broken: breaking.promise,
    get suspicion () {
      return garbage.length === 0 ? null : `It printed what is no MCP message: "${firstGarbage()}".`
    },
    async close () {
      await transport.close()
      await errors
      for (const shown of mask.end()) run.events.log('warning', shown, place.pointer, 'stdout')
    }
  }
}

/** Room for what JSON-RPC adds to a result. */
const ENVELOPE_LENGTH = 65_536

async function openHttp (execution: TaskExecution, http: NonNullable<McpArguments['transport']['http']>): Promise<Connection> {
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  const { url, authorization } = await endpointOf(execution, http.endpoint)
  const headers = namedHeaders(await execution.scope.with(authorizationVariable(authorization)).evaluate(http.headers ?? {}, execution.input))
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: boundedFetch(execution.run.http, execution.run.maxDataBytes + ENVELOPE_LENGTH),
    requestInit: { headers: { ...authorizationHeader(authorization), ...headers } }
  })
  return {
    transport,
    authorization,
    broken: rejection().promise,
    suspicion: null,
    async close () {
      const goodbye = transport.terminateSession().catch(() => {})
      await Promise.race([goodbye, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref())])
      await transport.close()
    }
  }
}

/** A promise that is only ever rejected, by whoever finds a reason first. */
function rejection (): { readonly promise: Promise<never>, readonly reject: (error: TaskError) => void } {
  let fail: (error: TaskError) => void = () => {}
  const promise = new Promise<never>((_resolve, reject) => { fail = reject })
  promise.catch(() => {})
  return { promise, reject: fail }
}
