/** The names of all keys and channels of one Runcast in Redis, made from the channel prefix and the database. */
export interface RedisKeys {
  readonly prefix: string
  /** Matches the input channels of all runs. */
  readonly inputPattern: string
  /** The channel that engines plainly PUBLISH to. */
  input (runId: string): string
  live (runId: string): string
  log (runId: string): string
  run (runId: string): string
  fence (runId: string): string
  append (runId: string, appendId: string): string
  idempotency (runId: string, keyHash: string): string
  event (runId: string, keyHash: string): string
  /** The engine's record of a run that it executes. */
  engine (runId: string): { readonly run: string, readonly names: string, readonly checkpoints: string }
  /** The run that a key of `engine` belongs to; null when it is another key. */
  engineRunOf (key: string): string | null
  readonly engineRunPattern: string
  readonly unfinished: string
  /** The run that the engine started under an idempotency key. */
  engineKey (tenant: string, keyHash: string): string
  index (tenant: string): string
  /** The longest life of a state that a tenant's list has to wait for, in seconds. */
  indexLife (tenant: string): string
  changed (tenant: string): string
  /** The runs that have sent a sign of life, by the time of the last one. */
  readonly heard: string
  loginCode (codeHash: string): string
  readonly lease: string
  readonly leaseToken: string
  /** The channel of acknowledgements. No input pattern matches it, whatever the prefix of the other service. */
  readonly acks: string
  /** The version of the layout of all this. */
  readonly layout: string
}

/**
 * Names the keys. The keys of one run share the hash slot of its input channel: their tag is the whole channel name.
 *
 * Pub/sub knows no databases, so the service's own channels carry the number of any but database 0.
 *
 * @param prefix CHANNEL_PREFIX, without braces and colons; anything but the default also sets the names of index and lease apart
 * @param database the number of the database in Redis
 */
export function redisKeys (prefix: string, database: number): RedisKeys {
  const tag = (runId: string) => `{${prefix}:${runId}}`
  const engineEnd = '}:engine'
  const isDefault = prefix === 'workflow_run_events'
  const shared = isDefault ? '' : `${prefix}:`
  const channel = (name: string) => database === 0 ? name : `${name}:${database}`
  return {
    prefix,
    inputPattern: `${prefix.replace(/[*?[\]\\]/g, '\\$&')}:*`,
    input: (runId) => `${prefix}:${runId}`,
    live: (runId) => channel(`${tag(runId)}:live`),
    log: (runId) => `${tag(runId)}:log`,
    run: (runId) => `${tag(runId)}:run`,
    fence: (runId) => `${tag(runId)}:fence`,
    append: (runId, appendId) => `${tag(runId)}:append:${appendId}`,
    idempotency: (runId, keyHash) => `${tag(runId)}:idem:${keyHash}`,
    event: (runId, keyHash) => `${tag(runId)}:event:${keyHash}`,
    engine: (runId) => ({
      run: `${tag(runId)}:engine`,
      names: `${tag(runId)}:engine:names`,
      checkpoints: `${tag(runId)}:engine:checkpoints`
    }),
    engineRunOf: (key) => key.endsWith(engineEnd) ? key.slice(prefix.length + 2, -engineEnd.length) : null,
    engineRunPattern: `{${prefix}:*${engineEnd}`,
    unfinished: `${shared}workflow_run_engine:unfinished`,
    engineKey: (tenant, keyHash) => `${shared}workflow_run_engine:key:${tenant}:${keyHash}`,
    index: (tenant) => `{${shared}workflow_runs:${tenant}}:index`,
    indexLife: (tenant) => `{${shared}workflow_runs:${tenant}}:life`,
    changed: (tenant) => channel(`{${shared}workflow_runs:${tenant}}:changed`),
    heard: `${shared}workflow_runs:heard`,
    loginCode: (codeHash) => `${shared}workflow_run_login:${codeHash}`,
    lease: `${shared}workflow_run_ingest:lease`,
    leaseToken: `${shared}workflow_run_ingest:token`,
    acks: channel(isDefault ? 'workflow_run_ingest:acks' : `{${prefix}}:workflow_run_ingest:acks`),
    layout: `${shared}workflow_runs:layout`
  }
}
