import type { Claims } from '../../schemas/auth.ts'
import type { Grant } from './login-codes.ts'

/** How long a session that began with a login code lasts, unless it is renewed. */
const DEVELOPMENT_SESSION_SECONDS = 86_400

/** The most that browsers keep of one cookie, its name and value together. */
const MAX_COOKIE_CHARACTERS = 4096

/** The name and attributes of the session cookie. */
export interface SessionCookie {
  readonly name: string
  readonly options: {
    readonly httpOnly: true
    readonly sameSite: 'lax'
    readonly path: '/'
    readonly secure: boolean
  }
}

/**
 * The session cookie of the service as its client sees it. Browsers send a host's cookies to every port of it, so
 * that without https the name must tell two services of one host apart.
 *
 * @param port the one in the URL; null for the scheme's own
 */
export function sessionCookie (protocol: string, port: number | null): SessionCookie {
  const secure = protocol === 'https'
  return {
    name: secure ? '__Host-runcast' : `runcast_${port ?? 80}`,
    options: { httpOnly: true, sameSite: 'lax', path: '/', secure }
  }
}

/** Whether browsers would keep the cookie. */
export function fitsCookie (name: string, value: string): boolean {
  return name.length + value.length <= MAX_COOKIE_CHARACTERS
}

/** The claims of a session that a login code starts or renews at a time (milliseconds since 1970). */
export function developmentSession (grant: Grant, now: number): Claims {
  return { ...grant, exp: Math.floor(now / 1000) + DEVELOPMENT_SESSION_SECONDS, development_login: true }
}
