import type { IncomingHttpHeaders } from 'node:http'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A plain HTML form of another site can't send these content types. */
const SAFE_CONTENT_TYPES = new Set(['application/json', 'application/x-ndjson'])

/**
 * Tells whether a request with a session cookie may be carried out. A request that changes nothing may. Any other must
 * show that a page of this service sent it, since SameSite does not tell the ports of one host apart.
 *
 * @param origin the origin of the service as its client sees it: scheme, host and port
 */
export function isTrustedByCookie (method: string, headers: IncomingHttpHeaders, origin: string): boolean {
  return SAFE_METHODS.has(method) || (isSameOrigin(headers, origin) && isJson(headers))
}

function isSameOrigin (headers: IncomingHttpHeaders, origin: string): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined ? headers.origin === origin : site === 'same-origin'
}

function isJson (headers: IncomingHttpHeaders): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return !hasBody || SAFE_CONTENT_TYPES.has(type)
}
