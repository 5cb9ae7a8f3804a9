import { OUTCOME_WORDS } from '@runcast/protocol'
import { Type, type Static, type TSchema } from 'typebox'

const text = (description: string, options: Record<string, unknown> = {}) => Type.String({ description, ...options })
const count = (description: string, value: number, minimum = 1, maximum = Number.MAX_SAFE_INTEGER) =>
  Type.Integer({ description, default: value, minimum, maximum })
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)

/** A list in one variable, its items separated by spaces or commas. */
const list = (description: string, value = '') => Type.String({ description, default: value })

/** Every setting, from the environment or a `.env` file: the one source of names, defaults, bounds and their documentation. */
export const SettingsSchema = Type.Object({
  HOST: text('The address to listen on.', { default: '127.0.0.1' }),
  PORT: count('The port to listen on; 0 takes a free one.', 3000, 0, 65535),
  BASE_PATH: text('The path of a shared host below which a gateway shows the service, such as /runcast. The gateway may take it off or pass it on. Without it X-Forwarded-Prefix of a TRUST_PROXY counts.', { default: '' }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info', description: 'The least severe level that is logged.' }),
  DATA_DIR: text('The directory of the embedded log and of the development secret. In production the embedded log needs it to be set.', { default: './data', minLength: 1 }),
  REDIS_URL: optional(text('The address of Redis, redis:// or rediss://, which then keeps the log instead of DATA_DIR.', { pattern: '^rediss?://' })),
  REDIS_SENTINELS: optional(text('host:port of the Sentinels, separated by commas; with REDIS_SENTINEL_MASTER. Then only user, password, database and TLS of REDIS_URL are used.', { pattern: '^[^,\\s]+:\\d+([,\\s]+[^,\\s]+:\\d+)*$' })),
  REDIS_SENTINEL_MASTER: optional(text('The name of the master that the Sentinels watch.', { minLength: 1 })),
  REDIS_CLUSTER_NODES: optional(text('host:port of some nodes of a Redis Cluster, separated by commas. Then only user, password and TLS of REDIS_URL are used.', { pattern: '^[^,\\s]+:\\d+([,\\s]+[^,\\s]+:\\d+)*$' })),
  CHANNEL_PREFIX: text('The channels <prefix>:<run_id> that engines PUBLISH to, and the tag of every key: letters, digits and . _ -, without a colon.', { default: 'workflow_run_events', pattern: '^(?!workflow_run(s|_ingest)$)[A-Za-z0-9_.-]{1,64}$' }),
  INGEST_PUBSUB: Type.Boolean({ default: true, description: 'Lets this process store plain PUBLISH messages; one process at a time does.' }),
  JWT_SECRET: optional(text('The HS256 key, at least 32 bytes.', { minLength: 32 })),
  JWT_PUBLIC_KEY: optional(text('The PEM of an RS256 or ES256 public key.', { pattern: '^-----BEGIN' })),
  JWT_JWKS_URL: optional(text('Reserved for key sets of an issuer; not supported yet.', { pattern: '^https?://' })),
  JWT_ISSUER: optional(text('The `iss` that a token must have.', { minLength: 1 })),
  JWT_AUDIENCE: optional(text('The `aud` that a token must have.', { minLength: 1 })),
  RUN_MAX_EVENTS: optional(Type.Integer({ description: 'The most events kept per run (default 100000; embedded 1000000).', minimum: 1 })),
  RUN_MAX_BYTES: optional(Type.Integer({ description: 'The most bytes kept per run (default 64 MiB; embedded 1 GiB).', minimum: 1024 })),
  RUN_TTL_S: count('The time that a run is kept after its last event, in seconds. Each append fixes it: a lower value ends new runs sooner, and deletes nothing that is kept.', 86_400),
  MAX_EVENT_BYTES: count('The largest payload of one event, in bytes.', 262_144, 1024, 8_388_608),
  TERMINAL_STATUSES: list('The statuses that end a run, in any case, separated by spaces. Own words are given as `word=succeeded`, `word=failed` or `word=cancelled`: such words alone add to the default; with any bare word the list replaces it.', Object.values(OUTCOME_WORDS).join(' ')),
  RUN_LOST_AFTER_S: optional(Type.Integer({ description: 'The silence after which a run ends as `lost`, in seconds, if its publisher has ever sent a sign of life (off by default). The client sends one every 20 seconds, so at least 60 are sensible.', minimum: 1, maximum: 31_536_000 })),
  END_GRACE_MS: count('The time that a stream waits for late events of a finished run, in milliseconds.', 2_000, 0, 600_000),
  STREAM_HEARTBEAT_MS: count('The longest silence of a stream, in milliseconds; a comment ends it. Clients take 45 seconds of silence for a dead connection.', 15_000, 10),
  STREAM_RETRY_MS: count('The time that EventSource waits before it reconnects, in milliseconds.', 2_000, 0),
  STREAM_MAX_AGE_S: count('The greatest age of a stream, in seconds, less a random part of up to 20 %.', 3_600),
  MAX_STREAMS: count('The most open streams of this process.', 20_000),
  MAX_STREAMS_PER_SUBJECT: count('The most open streams of one subject in this process.', 20_000),
  UNKNOWN_RUN: Type.Enum(['wait', '404'], { default: 'wait', description: 'The answer to a stream of a run that does not exist yet: wait for it, or 404.' }),
  POSITION_CHECK_MS: count('The time between two comparisons of a followed run with the log, in milliseconds.', 10_000, 50),
  DRAIN_MS: count('The time over which open streams are closed at shutdown, in milliseconds.', 5_000, 0, 600_000),
  DRAIN_DELAY_MS: optional(Type.Integer({ description: 'The time at shutdown for which the service is not ready but still takes requests, so that gateways learn of it, in milliseconds (default 0; 5000 with NODE_ENV=production).', minimum: 0, maximum: 600_000 })),
  MIN_FREE_BYTES: count('The least free disk space with which the embedded log takes events, in bytes; with less, publishers get 507.', 67_108_864, 0),
  WORKFLOWS_DIR: text('The directory of the workflow definitions.', { default: './workflows', minLength: 1 }),
  ENGINE_ALLOW_PROCESSES: optional(Type.Boolean({ description: 'Lets workflows start processes: `run: shell` and MCP servers over stdio (default false; true in a development start).' })),
  ENGINE_ALLOWED_HOSTS: list('The hosts that HTTP and MCP calls of workflows may go to, separated by spaces: host, host:port or *.domain. Link-local and metadata addresses are never allowed.'),
  ENGINE_MAX_DATA_BYTES: count('The largest JSON output of a task, and input of a workflow run, in bytes.', 1_048_576, 1024, 67_108_864),
  ENGINE_EXPRESSION_DEADLINE_MS: count('The longest time that one expression of a workflow may take, in milliseconds.', 5_000, 10, 600_000),
  ENGINE_MAX_RUNS: count('The most workflow runs that this process executes at the same time; the rest waits.', 100, 1, 10_000),
  ENGINE_LEASE_MS: count('With Redis: the silence of a process after which another one takes over its workflow runs, in milliseconds.', 10_000, 500, 600_000),
  CORS_ORIGINS: list('The origins that may read across sites, separated by spaces.'),
  TRUST_PROXY: list('The addresses or CIDR ranges of the proxies whose X-Forwarded headers are believed, or true for every proxy.'),
  WEB_CONCURRENCY: count('The number of processes that share the port; more than one needs Redis.', 1, 1, 64),
  NODE_ENV: optional(text('With production the service refuses to start without a key, and without Redis or DATA_DIR.'))
}, { $id: 'Settings' })

/** Every setting as the environment gives it, with defaults. */
export type Settings = Static<typeof SettingsSchema>
