import type { Claims } from '../../schemas/auth.ts'
import type { Grant } from './login-codes.ts'

/** The life of a session that began with a login code. */
const DEVELOPMENT_SESSION_SECONDS = 86_400

/** Browsers keep no cookie whose name and value are longer together. */
const MAX_COOKIE_CHARACTERS = 4096

/** The name and attributes of the session cookie. */
export interface SessionCookie {
  readonly name: string
  readonly options: {
    readonly httpOnly: true
    readonly sameSite: 'lax'
    readonly path: string
    readonly secure: boolean
  }
}

/**
 * Names the session cookie of a service. Browsers send the cookies of a host to every port of it, so without https the
 * name must tell two services on one host apart.
 *
 * @param protocol the protocol that the client uses
 * @param port the port in the client's URL; null for the default port of the scheme
 * @param basePath the path below which the client sees the service; '' for the root. Browsers take `__Host-` for the root only
 */
export function sessionCookie (protocol: string, port: number | null, basePath: string): SessionCookie {
  const secure = protocol === 'https'
  return {
    name: secure ? `${basePath === '' ? '__Host' : '__Secure'}-runcast` : `runcast_${port ?? 80}`,
    options: { httpOnly: true, sameSite: 'lax', path: basePath === '' ? '/' : basePath, secure }
  }
}

/** Tells whether browsers would keep the cookie. */
export function fitsCookie (name: string, value: string): boolean {
  return name.length + value.length <= MAX_COOKIE_CHARACTERS
}

/** Makes the claims of a session that a login code starts or renews. `now` is in milliseconds since 1970. */
export function developmentSession (grant: Grant, now: number): Claims {
  return { ...grant, exp: Math.floor(now / 1000) + DEVELOPMENT_SESSION_SECONDS, development_login: true }
}
