import { isExpression } from '../expression/template.ts'
import type { Fault } from '../fault.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { withFixedDurations } from './fixed-durations.ts'
import { mcpFaults } from './mcp-schema.ts'
import { specificationFaults } from './specification.ts'

const NOT_SUPPORTED = ['a2a', 'asyncapi', 'grpc', 'openapi']

/** Lists the faults in the structure of a call. @param path the JSON pointer of the task */
export async function callFaults (path: string, task: JsonObject): Promise<Fault[]> {
  const { call, with: given = null } = task
  if (typeof call !== 'string') return [{ path: `${path}/call`, message: 'It must be http, mcp, or the name of a function.' }]
  if (NOT_SUPPORTED.includes(call)) return [{ path: `${path}/call`, message: `Calls of ${call} are not supported: use http or mcp.` }]
  const faults = uriFaults(given, `${path}/with`)
  if (call === 'mcp') {
    const { with: _with, ...base } = task
    return [...await specificationFaults('CallFunction', { path, value: withFixedDurations(base) }), ...mcpFaults({ path: `${path}/with`, value: withFixedTimeout(given) }), ...faults]
  }
  if (call !== 'http') return await specificationFaults('CallFunction', { path, value: withFixedDurations(task) })
  if (faults.length > 0) return faults
  return await specificationFaults('CallHTTP', { path, value: { ...withFixedDurations(task), ...isJsonObject(given) && { with: inFirstVersion(given) } } })
}

/** Copies the arguments as DSL 1.0.0, the SDK's, has them: without an expression for all headers or the whole query. */
function inFirstVersion (given: JsonObject): JsonObject {
  const { headers, query } = given
  return {
    ...given,
    ...typeof headers === 'string' && isExpression(headers) && { headers: {} },
    ...typeof query === 'string' && isExpression(query) && { query: {} }
  }
}

function withFixedTimeout (given: Json): Json {
  return isJsonObject(given) && typeof given['timeout'] === 'string' ? { ...given, timeout: {} } : given
}

/** Refuses an expression that is only a part of a URI: it would be sent as it is. */
function uriFaults (given: Json | undefined, path: string): Fault[] {
  if (!isJsonObject(given)) return []
  const { endpoint, transport } = given
  if (isJsonObject(transport)) return uriFaults(transport['http'], `${path}/transport/http`)
  const [uri, at] = isJsonObject(endpoint) ? [endpoint['uri'], '/endpoint/uri'] : [endpoint, '/endpoint']
  if (typeof uri !== 'string' || !uri.includes('${') || isExpression(uri)) return []
  return [{ path: path + at, message: 'An expression in a URI must be all of it: write ${ "https://example.com/\\(.id)" }, or {id} for a property of the input.' }]
}
