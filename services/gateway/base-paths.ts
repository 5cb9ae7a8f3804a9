import type { IncomingMessage } from 'node:http'

/** A base path as it is used: segments of safe characters, without a slash at the end. It may stand in HTML and in a cookie as it is. */
const BASE_PATH = /^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/

const MAX_CHARACTERS = 200

/** The first segments of the service's own addresses. A base path of such a name could not be told from them. */
const OWN_SEGMENTS: ReadonlySet<string> = new Set(['api', 'assets', 'documentation', 'health', 'login', 'metrics', 'runs', 'workflows'])

/** The part of a request that tells its base path. */
export type ForwardedRequest = Pick<IncomingMessage, 'url' | 'headers'> & { readonly socket: { readonly remoteAddress?: string | undefined } }

/** The paths of shared hosts below which gateways show the service. */
export interface BasePaths {
  /** The path below which the client of a request sees the service, such as /runcast; '' for the root of its host. */
  of (request: ForwardedRequest): string
  /** The address of a request without the base path, which some gateways take off and others pass on. */
  strip (request: ForwardedRequest): string
}

/**
 * Reads a base path. A slash at its end does not count.
 *
 * @returns '' for the root; null when it is none
 */
export function readBasePath (text: string): string | null {
  const path = text.endsWith('/') ? text.slice(0, -1) : text
  return path === '' || (path.length <= MAX_CHARACTERS && BASE_PATH.test(path)) ? path : null
}

/** Tells whether a base path begins like an address of the service itself. */
export function isOwnAddress (basePath: string): boolean {
  return OWN_SEGMENTS.has(basePath.split('/', 2)[1] ?? '')
}

/**
 * Makes the base paths of a service.
 *
 * @param configured counts for every request unless it is ''. Then X-Forwarded-Prefix counts
 * @param isTrusted tells whether the X-Forwarded headers from an address are believed
 */
export function createBasePaths (configured: string, isTrusted: (address: string | undefined) => boolean): BasePaths {
  const of = ({ headers, socket }: ForwardedRequest): string => {
    const header = headers['x-forwarded-prefix']
    if (configured !== '' || header === undefined || !isTrusted(socket.remoteAddress)) return configured
    return readBasePath(lastOf(header)) ?? ''
  }
  return {
    of,
    strip (request) {
      const { url = '/' } = request
      const basePath = of(request)
      if (basePath === '' || !url.startsWith(basePath) || isOwnAddress(basePath)) return url
      const rest = url.slice(basePath.length)
      if (rest === '' || rest.startsWith('?')) return `/${rest}`
      return rest.startsWith('/') ? rest : url
    }
  }
}

/** Of several values the last one is the nearest gateway's, as with the other X-Forwarded headers. */
function lastOf (header: string | readonly string[]): string {
  return String(header).split(',').at(-1)?.trim() ?? ''
}
