import type { HttpArguments } from '../../definition/dsl.ts'
import type { Variables } from '../../expression/evaluator.ts'
import { isJsonObject, type Json } from '../../json.ts'
import { namedPart } from '../named-part.ts'
import { taskError } from '../problem.ts'
import type { TaskExecution } from '../task-execution.ts'

/** A request that is ready to be sent. */
export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly authorization: Authorization
  readonly headers: { readonly [name: string]: string }
  readonly body: string | null
}

/** The `Authorization` header of a call, null when the definition sets none. */
export type Authorization = { readonly scheme: string, readonly parameter: string } | null

/** The endpoint of a call. */
export interface Endpoint {
  readonly url: URL
  readonly authorization: Authorization
}

/** The result of a call. */
export interface Called {
  readonly output: Json
  readonly authorization: Authorization
}

/**
 * Works out the URL and the authorization of a call.
 *
 * @throws TaskError `configuration` for a text that is no URL, or a kind of authentication that is not supported
 */
export async function endpointOf (execution: TaskExecution, endpoint: HttpArguments['endpoint']): Promise<Endpoint> {
  const { uri, authentication } = typeof endpoint === 'string' ? { uri: endpoint, authentication: undefined } : endpoint
  const text = uri.includes('${') ? addressIn(await execution.evaluate(uri)) : expand(uri, execution.input)
  if (typeof text !== 'string' || !/^https?:/.test(text) || !URL.canParse(text)) {
    throw taskError('configuration', `"${String(text)}" is no address of a call: it must be an http or https URL.`)
  }
  return { url: new URL(text), authorization: await authorizationOf(execution, authentication) }
}

/** Gives the variable of an authorization. https://github.com/serverlessworkflow/specification/blob/main/dsl.md#authorization-descriptor */
export function authorizationVariable (authorization: Authorization): Variables {
  return authorization === null ? {} : { authorization: { ...authorization } }
}

/** Gives the header of an authorization. */
export function authorizationHeader (authorization: Authorization): { readonly authorization?: string } {
  return authorization === null ? {} : { authorization: `${authorization.scheme} ${authorization.parameter}` }
}

/** The value of an expression is data: it may choose an address, but not the credentials of the call. */
function addressIn (value: Json): Json {
  if (!isJsonObject(value)) return value
  const { uri = null, authentication } = value
  if (authentication === undefined) return uri
  throw taskError('configuration', 'An endpoint that an expression gives can have no authentication: write that into the definition.')
}

/**
 * Replaces `{name}` by the property of the input.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#uri-template
 */
function expand (template: string, input: Json): string {
  return template.replace(/\{([^{}]+)\}/g, (_part, name: string) => {
    const value = isJsonObject(input) ? input[name] : undefined
    if (typeof value === 'object' && value !== null) throw taskError('expression', `"${name}" in a URI must be a text, a number, a boolean or null.`)
    return encodeURIComponent(String(value ?? ''))
  })
}

async function authorizationOf (execution: TaskExecution, given: Json | undefined): Promise<Authorization> {
  if (given === undefined) return null
  const policy = isJsonObject(given) && typeof given['use'] === 'string' ? namedPart(execution.run.definition, 'authentications', given['use']) : given
  const { basic, bearer } = isJsonObject(policy) ? policy : {}
  if (basic !== undefined) {
    const credentials = await credentialsOf(execution, basic)
    return { scheme: 'Basic', parameter: Buffer.from(`${textIn(credentials, 'username')}:${textIn(credentials, 'password')}`).toString('base64') }
  }
  if (bearer !== undefined) {
    const credentials = await credentialsOf(execution, bearer)
    return { scheme: 'Bearer', parameter: typeof credentials === 'string' ? credentials : textIn(credentials, 'token') }
  }
  throw taskError('configuration', 'An authentication must be basic or bearer: the engine supports no other.')
}

/** Reads credentials that are written in place, or in the secret that the definition names. */
async function credentialsOf ({ run, evaluate }: TaskExecution, given: Json): Promise<Json> {
  const name = isJsonObject(given) ? given['use'] : undefined
  return typeof name === 'string' ? run.secrets[name] ?? null : await evaluate(given)
}

/** @throws TaskError `authorization` */
function textIn (credentials: Json, part: string): string {
  const value = isJsonObject(credentials) ? credentials[part] : undefined
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw taskError('authorization', `The credentials have no ${part}: write it into the authentication, or into the secret that it uses.`)
}

/**
 * Makes the request that a call describes.
 *
 * @throws TaskError `configuration`, `expression`
 */
export async function requestOf (execution: TaskExecution, call: HttpArguments): Promise<HttpRequest> {
  const { method, endpoint, headers = {}, query = {}, body } = call
  const { url, authorization } = await endpointOf(execution, endpoint)
  const scope = execution.scope.with(authorizationVariable(authorization))
  const given = await scope.evaluate({ headers, query, ...body !== undefined && { body } }, execution.input)
  const parts = isJsonObject(given) ? given : {}
  addQuery(url, parts['query'])
  const named = namedHeaders(parts['headers'])
  const content = encodeBody(parts['body'], named['content-type'])
  return {
    method: method.toUpperCase(),
    url,
    authorization,
    headers: {
      accept: 'application/json, */*;q=0.8',
      ...content.type !== null && { 'content-type': content.type },
      ...authorizationHeader(authorization),
      ...named
    },
    body: content.body
  }
}

function addQuery (url: URL, query: Json | undefined): void {
  for (const [name, value] of Object.entries(isJsonObject(query) ? query : {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null) url.searchParams.append(name, typeof one === 'string' ? one : JSON.stringify(one))
    }
  }
}

/** Gives headers by their names in lower case. */
export function namedHeaders (headers: Json | undefined): { [name: string]: string } {
  return Object.fromEntries(Object.entries(isJsonObject(headers) ? headers : {})
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? value : JSON.stringify(value)]))
}

function encodeBody (body: Json | undefined, type: string | undefined): { readonly body: string | null, readonly type: string | null } {
  if (body === undefined || body === null) return { body: null, type: null }
  if (type?.startsWith('application/x-www-form-urlencoded') === true && isJsonObject(body)) {
    const fields = Object.entries(body).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
    return { body: new URLSearchParams(Object.fromEntries(fields)).toString(), type }
  }
  if (typeof body === 'string') return { body, type: type ?? 'text/plain;charset=utf-8' }
  return { body: JSON.stringify(body), type: type ?? 'application/json' }
}
