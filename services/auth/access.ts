import { Compile } from 'typebox/compile'
import { ClaimsSchema, SCOPES, type Claims, type Scope } from '../../schemas/auth.ts'
import { runIdMatcher } from './run-ids.ts'

/** The way in which the credentials came. */
export type Via = 'bearer' | 'cookie'

/** The caller of a request, and its rights. */
export interface Access {
  /** The token's `sub`. */
  readonly subject: string
  /** '' for none. */
  readonly tenant: string
  /** With `runs:admin` come all the others. */
  readonly scopes: ReadonlySet<Scope>
  /** The end of the credentials, in milliseconds since 1970. */
  readonly expiresAt: number
  readonly via: Via
  /** The token's `run_ids`; null when it permits all runs. */
  readonly runIds: readonly string[] | null
  /** Tells whether the token's `run_ids` permit a run. They say nothing of the run's tenant. */
  allows (runId: string): boolean
}

const claimsValidator = Compile(ClaimsSchema)

/**
 * Takes the claims that the service reads from the payload of a token with a good signature.
 *
 * @param payload any JSON value
 * @returns these claims and nothing else, or null when one is missing or has the wrong shape
 */
export function readClaims (payload: unknown): Claims | null {
  return claimsValidator.Check(payload) ? pickClaims(payload) : null
}

function pickClaims ({ sub, exp, scope, run_ids: runIds, tenant, development_login: developmentLogin }: Claims): Claims {
  return {
    sub,
    exp,
    ...(scope === undefined ? {} : { scope }),
    ...(runIds === undefined ? {} : { run_ids: runIds }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(developmentLogin === undefined ? {} : { development_login: developmentLogin })
  }
}

/** Derives the rights of a caller from the claims of a good token. */
export function accessOf (claims: Claims, via: Via): Access {
  const given = new Set((claims.scope ?? '').split(' '))
  return {
    subject: claims.sub,
    tenant: claims.tenant ?? '',
    scopes: new Set(SCOPES.filter((scope) => given.has(scope) || given.has('runs:admin'))),
    expiresAt: claims.exp * 1000,
    via,
    runIds: claims.run_ids ?? null,
    allows: claims.run_ids === undefined ? () => true : runIdMatcher(claims.run_ids)
  }
}
