// Addresses are checked by undici's own connector. No library does so for fetch: see addresses.ts.

import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, fetch } from 'undici'
import { TaskError, taskError } from '../problem.ts'
import { isAllowedHost, isForbiddenAddress } from './addresses.ts'

/**
 * An HTTP client for allowed hosts only, and never for link-local and metadata addresses. It refuses connections, so that
 * this holds for redirects and for the addresses of a name too.
 */
export interface GuardedHttp {
  /** Works like the global `fetch`; for a refused connection, a TaskError is in the chain of causes. */
  readonly fetch: typeof fetch
  /** Ends all connections. */
  close (): Promise<void>
}

/** The time that a server has to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000

/** Makes the HTTP client of an engine. @param allowedHosts `host`, `host:port` or `*.domain` */
export function createGuardedHttp (allowedHosts: readonly string[]): GuardedHttp {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup })
  const agent = new Agent({
    connect (options, callback) {
      const host = options.hostname.replace(/^\[|\]$/g, '')
      const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
      const refusal = refusalOf(host, port, allowedHosts)
      if (refusal === null) connect(options, callback)
      else callback(refusal, null)
    }
  })
  return {
    fetch: (input, init) => fetch(input, { ...init, dispatcher: agent }),
    close: () => agent.destroy()
  }
}

/** Finds the error of a refused connection in the causes of an error; null when there is none. */
export function refusalIn (error: unknown): TaskError | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TaskError) return cause
  }
  return null
}

function refusalOf (host: string, port: number, allowedHosts: readonly string[]): TaskError | null {
  if (!isAllowedHost(host, port, allowedHosts)) {
    return taskError('authorization', `Calls to ${host}:${port} are not allowed: the operator of the engine allows hosts by ENGINE_ALLOWED_HOSTS.`)
  }
  return isIP(host) !== 0 && isForbiddenAddress(host) ? forbidden(host) : null
}

const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 0)
    const refused = addresses.find(({ address }) => isForbiddenAddress(address))
    if (refused !== undefined) return callback(forbidden(hostname), '', 0)
    const [first = { address: '', family: 0 }] = addresses
    if (options.all === true) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}

function forbidden (host: string): TaskError {
  return taskError('authorization', `Calls to ${host} are never allowed: it is a link-local or metadata address.`)
}
