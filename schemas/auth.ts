import { Type, type Static } from 'typebox'

/** The rights that a token can give. `runs:admin` includes the others. */
export const SCOPES = ['runs:read', 'runs:write', 'runs:admin', 'workflows:run'] as const

/** One of the scopes that this service knows; it ignores all others of a token. */
export type Scope = typeof SCOPES[number]

/** The name of a tenant. It becomes part of a Redis key, so it has neither white space nor braces. */
export const TENANT_PATTERN = '^[\\x21-\\x7a|~]{1,128}$'

/** The last second of the year 9999: an `exp` beyond it was meant in another unit. */
const MAX_EXPIRY_SECONDS = 253_402_300_799

/** The claims that the service reads; it ignores all others. `iss`, `aud` and `nbf` are judged with the signature. */
export const ClaimsSchema = Type.Object({
  sub: Type.String({ minLength: 1, maxLength: 256 }),
  exp: Type.Number({ minimum: 0, maximum: MAX_EXPIRY_SECONDS, description: 'Seconds since 1970.' }),
  scope: Type.Optional(Type.String({ description: 'Separated by spaces.' })),
  run_ids: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description: 'Run ids, `*` standing for any characters.' })),
  tenant: Type.Optional(Type.String({ pattern: TENANT_PATTERN })),
  development_login: Type.Optional(Type.Literal(true, { description: 'The session began with a login code, and may be renewed.' }))
}, { $id: 'Claims' })

/** The claims of a token that was found good. */
export type Claims = Static<typeof ClaimsSchema>

/** The body of a request that starts a session. It is empty when the token comes as a bearer header, or a cookie is renewed. */
export const SessionRequestSchema = Type.Object({
  token: Type.Optional(Type.String({ minLength: 1, description: 'A bearer token.' })),
  code: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'A one-time login code (development only).' }))
}, {
  $id: 'SessionRequest',
  additionalProperties: false,
  maxProperties: 1,
  description: 'A token or a login code; nothing when the token is in the Authorization header or the cookie is renewed.',
  examples: [{ token: 'eyJhbGciOiJIUzI1NiJ9...' }]
})

/** The body of a request that starts a session. */
export type SessionRequest = Static<typeof SessionRequestSchema>

export const SessionSchema = Type.Object({
  subject: Type.String(),
  tenant: Type.Union([Type.String(), Type.Null()]),
  scopes: Type.Array(Type.Enum(SCOPES)),
  expires_at: Type.String({ format: 'date-time', description: 'The end of the credentials. A cookie is renewed by POST before that, and lasts no longer than the token that it was set for.' }),
  via: Type.Enum(['bearer', 'cookie'], { description: 'The kind of credentials: a bearer header, the caller\'s own or a gateway\'s, or the session cookie.' })
}, {
  $id: 'Session',
  description: 'The caller: its subject, its rights, and their end.',
  examples: [{ subject: 'ada', tenant: null, scopes: ['runs:read'], expires_at: '2026-12-01T12:00:00.000Z', via: 'cookie' }]
})

/** The caller: its subject, its rights, and their end. */
export type Session = Static<typeof SessionSchema>

export const LoginCodeSchema = Type.Object({
  code: Type.String(),
  url: Type.String({ description: 'The login page with the code in its fragment, to open in a browser.' }),
  expires_at: Type.String({ format: 'date-time' })
}, { $id: 'LoginCode', description: 'A code that starts one session.' })

/** A code that starts one session. */
export type LoginCode = Static<typeof LoginCodeSchema>
