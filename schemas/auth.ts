import { Type, type Static } from 'typebox'

/** The scopes that a token can have. `runs:admin` includes the others. */
export const SCOPES = ['runs:read', 'runs:write', 'runs:admin', 'workflows:run'] as const

/** A scope that this service knows. Other scopes of a token are ignored. */
export type Scope = typeof SCOPES[number]

/** The name of a tenant. It becomes part of a Redis key, so it holds neither white space nor braces. */
export const TENANT_PATTERN = '^[\\x21-\\x7a|~]{1,128}$'

/** The last second of the year 9999. An `exp` beyond it was meant in another unit. */
const MAX_EXPIRY_SECONDS = 253_402_300_799

/** The claims that the service reads. `iss`, `aud` and `nbf` are checked with the signature; other claims are ignored. */
export const ClaimsSchema = Type.Object({
  sub: Type.String({ minLength: 1, maxLength: 256 }),
  exp: Type.Number({ minimum: 0, maximum: MAX_EXPIRY_SECONDS, description: 'Seconds since 1970.' }),
  scope: Type.Optional(Type.String({ description: 'Separated by spaces.' })),
  run_ids: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description: 'Run ids, in which `*` stands for any characters.' })),
  tenant: Type.Optional(Type.String({ pattern: TENANT_PATTERN })),
  development_login: Type.Optional(Type.Literal(true, { description: 'The session began with a login code, and may be renewed.' }))
}, { $id: 'Claims' })

/** The claims of a good token. */
export type Claims = Static<typeof ClaimsSchema>

/** The body of a request that starts a session. It is empty when the token is in the Authorization header, or when a cookie renews its session. */
export const SessionRequestSchema = Type.Object({
  token: Type.Optional(Type.String({ minLength: 1, description: 'A bearer token.' })),
  code: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'A one-time login code (development only).' }))
}, {
  $id: 'SessionRequest',
  additionalProperties: false,
  maxProperties: 1,
  description: 'A token or a login code. Nothing when the token is in the Authorization header, or when the cookie renews its session.',
  examples: [{ token: 'eyJhbGciOiJIUzI1NiJ9...' }]
})

/** The body of a request that starts a session. */
export type SessionRequest = Static<typeof SessionRequestSchema>

export const SessionSchema = Type.Object({
  subject: Type.String(),
  tenant: Type.Union([Type.String(), Type.Null()]),
  scopes: Type.Array(Type.Enum(SCOPES)),
  expires_at: Type.String({ format: 'date-time', description: 'The end of the caller\'s credentials. POST renews a cookie before that; a cookie lasts no longer than its token.' }),
  via: Type.Enum(['bearer', 'cookie'], { description: 'The credentials of the request: a bearer header, the caller\'s own or a gateway\'s, or the session cookie.' })
}, {
  $id: 'Session',
  description: 'The caller, its rights, and their end.',
  examples: [{ subject: 'ada', tenant: null, scopes: ['runs:read'], expires_at: '2026-12-01T12:00:00.000Z', via: 'cookie' }]
})

/** The caller, its rights, and their end. */
export type Session = Static<typeof SessionSchema>

export const LoginCodeSchema = Type.Object({
  code: Type.String(),
  url: Type.String({ description: 'The login page with the code in its fragment, to open in a browser.' }),
  expires_at: Type.String({ format: 'date-time' })
}, { $id: 'LoginCode', description: 'A code that starts one session.' })

/** A code that starts one session. */
export type LoginCode = Static<typeof LoginCodeSchema>
