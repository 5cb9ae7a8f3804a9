import { readFileSync } from 'node:fs'
import type { Config } from './config.ts'
import type { Logger } from './logging/logger.ts'
import type { HostPort, RedisTarget } from './redis/target.ts'

/** The store of the log, as the first line tells it. */
export type StoreSummary =
  | { readonly kind: 'embedded', readonly path: string }
  | { readonly kind: 'redis', readonly mode: RedisTarget['kind'], readonly addresses: readonly string[], readonly master?: string }

/** The facts that an operator looks for first. */
export interface StartSummary {
  readonly version: string
  readonly store: StoreSummary
  readonly retention: { readonly ttl_s: number, readonly max_events: number, readonly max_bytes: number }
  readonly authentication: 'hs256_secret' | 'public_key' | 'development'
  /** The ingest of plain PUBLISH; none with the embedded log. */
  readonly ingest: 'on' | 'off' | 'none'
  readonly processes: number
}

const AUTHENTICATION: Readonly<Record<StartSummary['authentication'], string>> = {
  hs256_secret: 'tokens of JWT_SECRET (HS256)',
  public_key: 'tokens of JWT_PUBLIC_KEY',
  development: 'tokens of a development secret'
}

const INGEST: Readonly<Record<StartSummary['ingest'], string>> = {
  on: 'plain PUBLISH is stored',
  off: 'plain PUBLISH is left to other processes',
  none: 'no plain PUBLISH'
}

/** Writes the first line of the log, and a warning where variables look like settings and are none. */
export function logFirstLine (config: Config, logger: Logger): void {
  const { summary, sentence } = firstLine(config)
  logger.info(summary, sentence)
  const { unknownNames } = config
  if (unknownNames.length > 0) logger.warn({ variables: unknownNames }, `variables that are no settings have no effect: ${unknownNames.join(', ')}; docs/settings.md lists the settings`)
}

/**
 * Makes the first line of the log from the settings. It holds no password.
 *
 * @returns the fields of the line, and the same as a sentence
 */
export function firstLine (config: Config): { summary: StartSummary, sentence: string } {
  const { retention: { ttlSeconds, maxEvents, maxBytes }, redis } = config
  const summary: StartSummary = {
    version: readVersion(),
    store: redis === null ? { kind: 'embedded', path: config.DATA_DIR } : redisSummary(redis),
    retention: { ttl_s: ttlSeconds, max_events: maxEvents, max_bytes: maxBytes },
    authentication: !config.hasTokenKey ? 'development' : config.JWT_SECRET === undefined ? 'public_key' : 'hs256_secret',
    ingest: redis === null ? 'none' : config.INGEST_PUBSUB ? 'on' : 'off',
    processes: config.WEB_CONCURRENCY
  }
  const { version, store, authentication, ingest, processes } = summary
  const parts = [
    storeSentence(store),
    `a run is kept for ${ttlSeconds} s after its last event, with at most ${maxEvents} events and ${maxBytes} bytes`,
    AUTHENTICATION[authentication],
    INGEST[ingest],
    processes === 1 ? '1 process' : `${processes} processes`
  ]
  return { summary, sentence: `Runcast ${version}: ${parts.join('; ')}` }
}

function redisSummary (target: RedisTarget): StoreSummary {
  switch (target.kind) {
    case 'standalone':
      return { kind: 'redis', mode: target.kind, addresses: addressOf(target.url) }
    case 'sentinel':
      return { kind: 'redis', mode: target.kind, addresses: target.sentinels.map(joinAddress), master: target.master }
    case 'cluster':
      return { kind: 'redis', mode: target.kind, addresses: target.nodes.map(joinAddress) }
  }
}

/** Takes host, port and database of a URL; nothing where a password with signs of its own may have ended up among them. */
function addressOf (text: string): string[] {
  if (!URL.canParse(text)) return []
  const { host, port, pathname, search, hash } = new URL(text)
  if (host === '' || `${pathname}${search}${hash}`.includes('@')) return []
  return [`${host}${port === '' ? ':6379' : ''}${/^\/\d+$/.test(pathname) ? pathname : ''}`]
}

function joinAddress ({ host, port }: HostPort): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function storeSentence (store: StoreSummary): string {
  if (store.kind === 'embedded') return `embedded log in ${store.path}`
  const master = store.master === undefined ? '' : `, master ${store.master}`
  const at = store.addresses.length === 0 ? '' : ` at ${store.addresses.join(', ')}`
  return `log in Redis (${store.mode}${master})${at}`
}

/** Reads the version of the project, whose folder is one level up from the source and two from the built file. */
function readVersion (): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
      if (typeof found === 'object' && found !== null && 'version' in found && typeof found.version === 'string') return found.version
    } catch { /* It is the other one. */ }
  }
  return 'unknown'
}
