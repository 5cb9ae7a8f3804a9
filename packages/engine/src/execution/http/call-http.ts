import type { Response } from 'undici'
import type { CallTask, HttpArguments } from '../../definition/dsl.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { taskError } from '../problem.ts'
import { tooLarge } from '../sizes.ts'
import type { TaskExecution } from '../task-execution.ts'
import { refusalIn } from './guarded-http.ts'
import { requestOf, type Called, type HttpRequest } from './request.ts'

/** The part of a failed response's body that is shown, in characters. */
const MAX_SHOWN = 1_000

/**
 * Sends an HTTP request.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#http-call
 *
 * @returns as output the content of the response, or the part that `output` names
 * @throws TaskError `communication` with its status for a response that is no success, and for a missing response;
 *   `authorization` for a host that is not allowed; `runtime` for a response over the bound
 */
export async function callHttp (execution: TaskExecution<CallTask>): Promise<Called> {
  const call = argumentsOf(execution.task.with)
  const request = await requestOf(execution, call)
  const target = `${request.method} ${request.url.href}`
  const began = performance.now()
  const { response, bytes } = await send(execution, request, call.redirect === true, target)
  execution.log('info', `${target} was answered ${response.status} after ${Math.round(performance.now() - began)} ms.`)
  if (!response.ok && !(call.redirect === true && response.status < 400)) {
    const text = execution.run.events.masked(bytes.toString('utf8').trim()).slice(0, MAX_SHOWN)
    throw taskError('communication', `${target} was answered ${response.status}${text === '' ? '.' : `: ${text}`}`, { status: response.status, ...response.statusText !== '' && { title: response.statusText } })
  }
  return { output: outputOf(call.output, request, response, bytes, target), authorization: request.authorization }
}

function outputOf (wanted: HttpArguments['output'], request: HttpRequest, response: Response, bytes: Buffer, target: string): Json {
  if (wanted === 'raw') return bytes.toString('base64')
  const content = contentOf(response, bytes, target)
  if (wanted !== 'response') return content
  return {
    request: { method: request.method.toLowerCase(), uri: request.url.href, headers: { ...request.headers } },
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    content
  }
}

async function send ({ run, place }: TaskExecution, { method, url, headers, body }: HttpRequest, follow: boolean, target: string): Promise<{ readonly response: Response, readonly bytes: Buffer }> {
  try {
    const response = await run.http.fetch(url, { method, headers, body, redirect: follow ? 'follow' : 'manual', signal: place.signal })
    return { response, bytes: await readBody(response, run.maxDataBytes, target) }
  } catch (error) {
    place.signal.throwIfAborted()
    throw refusalIn(error) ?? taskError('communication', `${target} was not answered: ${reasonOf(error)}.`, { cause: error })
  }
}

async function readBody (response: Response, maxBytes: number, target: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(`The response to ${target}`, maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function contentOf (response: Response, bytes: Buffer, target: string): Json {
  if (bytes.length === 0) return null
  const [type = ''] = (response.headers.get('content-type') ?? '').toLowerCase().split(';')
  if (/^application\/(.+\+)?json$/.test(type.trim())) {
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw taskError('communication', `The response to ${target} says that it is JSON, but it is not.`, { cause })
    }
  }
  return TEXT.test(type.trim()) ? bytes.toString('utf8') : bytes.toString('base64')
}

const TEXT = /^(text\/.+|application\/(.+\+)?(xml|yaml|x-yaml|javascript|x-ndjson|x-www-form-urlencoded))$/

function argumentsOf (given: Json | undefined): HttpArguments {
  if (isHttpArguments(given)) return given
  throw taskError('configuration', 'An HTTP call needs a method and an endpoint.')
}

function isHttpArguments (given: unknown): given is HttpArguments {
  return isJsonObject(given) && typeof given['method'] === 'string' && (typeof given['endpoint'] === 'string' || isJsonObject(given['endpoint']))
}

/** Finds the code of the system, such as ECONNREFUSED, which undici puts into the cause of "fetch failed". */
function reasonOf (error: unknown): string {
  let reason = 'the connection failed'
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    reason = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
  }
  return reason
}
