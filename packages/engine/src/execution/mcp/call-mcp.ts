import type { CallTask, McpArguments } from '../../definition/dsl.ts'
import { errorText } from '../../error-text.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { unlessAborted, withDeadline } from '../abort.ts'
import { refusalIn } from '../http/guarded-http.ts'
import { authorizationVariable, type Called } from '../http/request.ts'
import { TaskError, taskError } from '../problem.ts'
import type { RunEvents } from '../run-events.ts'
import type { TaskExecution } from '../task-execution.ts'
import type { Connection } from './connection.ts'
import { openHttp } from './http-connection.ts'
import { logLevel } from './log-level.ts'
import { openStdio } from './stdio-connection.ts'

/** The default time for an answer, and between two reports of progress, in milliseconds. */
const ANSWER_TIMEOUT_MS = 60_000
/** The default time for a call that goes on reporting progress, in milliseconds. */
const MAX_TOTAL_TIMEOUT_MS = 3_600_000
/** The longest timer of Node, for calls with a timeout of their own. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Calls a method of an MCP server, on a connection of its own. Its progress becomes `result_preview` events, its log
 * messages `log` events.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#mcp-call
 *
 * @returns the JSON-RPC result as output
 * @throws TaskError `runtime` when the server answers with an error, a tool reports that it failed, or the server dies;
 *   `timeout` when there is no answer
 */
export async function callMcp (execution: TaskExecution<CallTask>): Promise<Called> {
  const call = argumentsOf(execution.task.with)
  if (call.timeout === undefined) return await connectAndCall(execution, call, execution.place.signal, ANSWER_TIMEOUT_MS)
  const ms = await execution.scope.duration(call.timeout, execution.input)
  const reason = () => taskError('timeout', `The MCP server did not answer within ${ms} ms.`)
  return await withDeadline(execution.place.signal, Date.now() + ms, reason, async (signal) => await connectAndCall(execution, call, signal, LONGEST_TIMEOUT_MS))
}

async function connectAndCall (execution: TaskExecution, call: McpArguments, signal: AbortSignal, timeout: number): Promise<Called> {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js')
  const { LoggingMessageNotificationSchema, ResultSchema } = await import('@modelcontextprotocol/sdk/types.js')
  const { run, place } = execution
  const connection = await openConnection(execution, call.transport)
  const client = new Client({ name: call.client?.name ?? 'runcast', version: call.client?.version ?? '1.0.0' }, { capabilities: {} })
  const mask = run.events.lines()
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params: { level, data } }) => {
    const message = typeof data === 'string' ? data : JSON.stringify(data)
    for (const shown of mask.push(message)) run.events.log(logLevel(level), shown, place.pointer)
  })

  const converse = async () => {
    const scope = execution.scope.with(authorizationVariable(connection.authorization))
    const parameters = call.parameters === undefined ? {} : await scope.evaluate(call.parameters, execution.input)
    await client.connect(connection.transport, { signal, timeout })
    if (client.getServerCapabilities()?.logging !== undefined) await client.setLoggingLevel('info', { signal, timeout }).catch(() => {})
    const request = { method: call.method, params: isJsonObject(parameters) ? parameters : {} }
    return await client.request(request, ResultSchema, {
      signal,
      timeout,
      resetTimeoutOnProgress: true,
      ...timeout === ANSWER_TIMEOUT_MS && { maxTotalTimeout: MAX_TOTAL_TIMEOUT_MS },
      onprogress: ({ progress, total, message }) => {
        run.events.progress(place.pointer, { progress, ...total !== undefined && { total }, ...message !== undefined && { message } })
      }
    })
  }
  try {
    const result = await unlessAborted(signal, Promise.race([converse(), connection.broken]))
    return { output: resultOf(result, run.events), authorization: connection.authorization }
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof TaskError ? error : failureOf(error, connection)
  } finally {
    await connection.close()
    for (const shown of mask.end()) run.events.log('info', shown, place.pointer)
  }
}

/** @throws TaskError `configuration`, `authorization` */
async function openConnection (execution: TaskExecution, { stdio, http }: McpArguments['transport']): Promise<Connection> {
  if (stdio !== undefined) return await openStdio(execution, stdio)
  if (http !== undefined) return await openHttp(execution, http)
  throw taskError('configuration', 'An MCP call needs a transport: http or stdio.')
}

/** Checks a result. @throws TaskError `runtime` when it reports that the tool failed */
function resultOf (result: unknown, events: RunEvents): Json {
  if (!isJsonObject(result)) throw taskError('runtime', 'The MCP server answered without a result.')
  if (result['isError'] !== true) return result
  const texts = Array.isArray(result['content']) ? result['content'].flatMap((part: unknown) => isJsonObject(part) && typeof part['text'] === 'string' ? [part['text']] : []) : []
  throw taskError('runtime', `The tool failed: ${events.masked(texts.join(' ')).slice(0, 1000) || 'it does not say why'}`)
}

function failureOf (error: unknown, { hint }: Connection): TaskError {
  const refusal = refusalIn(error)
  if (refusal !== null) return refusal
  const more = hint === null ? '' : ` ${hint}`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === REQUEST_TIMEOUT) return taskError('timeout', `The MCP server did not answer within ${ANSWER_TIMEOUT_MS} ms.${more}`, { cause: error })
  return taskError('runtime', `The MCP call failed: ${errorText(error)}${more}`, { cause: error })
}

/** `ErrorCode.RequestTimeout` of the SDK. */
const REQUEST_TIMEOUT = -32_001

function argumentsOf (given: Json | undefined): McpArguments {
  if (isMcpArguments(given)) return given
  throw taskError('configuration', 'An MCP call needs a method and a transport.')
}

function isMcpArguments (given: unknown): given is McpArguments {
  return isJsonObject(given) && typeof given['method'] === 'string' && isJsonObject(given['transport'])
}
