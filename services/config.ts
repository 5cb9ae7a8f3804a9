import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import { SettingsSchema, type Settings } from '../schemas/config.ts'
import { readPublicKey } from './auth/token-key.ts'
import { isOwnAddress, readBasePath } from './gateway/base-paths.ts'
import type { HostPort, RedisTarget } from './redis/target.ts'
import type { Retention } from './run-log/retention.ts'
import { LOST_STATUS, readTerminalStatuses, type TerminalStatuses } from './run-log/terminal-statuses.ts'
import { findOddNames } from './setting-names.ts'

/** Converts texts to numbers and booleans and puts defaults in, in place. */
const isSettings = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true }).compile<Settings>(structuredClone(SettingsSchema))

/** The names that stand for ranges of addresses in TRUST_PROXY. */
const PROXY_RANGES: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal'])

const HOST_PATTERN = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?$|^\[[0-9a-f:.]+\](:\d{1,5})?$/i

/** The settings as the service uses them: lists are taken apart, and settings that belong together are joined. */
export interface Config extends Omit<Settings, 'TERMINAL_STATUSES' | 'CORS_ORIGINS' | 'TRUST_PROXY' | 'ENGINE_ALLOWED_HOSTS' | 'ENGINE_ALLOW_PROCESSES' | 'DRAIN_DELAY_MS'> {
  readonly terminalStatuses: TerminalStatuses
  readonly corsOrigins: readonly string[]
  /** The hosts that calls of workflows may reach. */
  readonly allowedHosts: readonly string[]
  /** True when workflows may start processes. */
  readonly allowProcesses: boolean
  /** The time for which a stop waits until gateways know of it, in milliseconds. */
  readonly drainDelayMs: number
  readonly trustProxy: boolean | string[]
  /** Null for the embedded log. */
  readonly redis: RedisTarget | null
  readonly retention: Retention
  /** True when a token key is configured. Without one the service makes a development secret, on loopback only. */
  readonly hasTokenKey: boolean
  /** The variables that begin as settings do and are none. */
  readonly unknownNames: readonly string[]
}

/** All mistakes in the settings, one sentence each. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor (problems: readonly string[]) {
    super(`The configuration has ${problems.length} mistake${problems.length === 1 ? '' : 's'}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the settings.
 *
 * @param environment the variables; by default the process's own, completed from `.env` in the working directory
 * @throws ConfigError with every mistake at once
 */
export function loadConfig (environment?: Record<string, string | undefined>): Config {
  const all = withoutEmpty(environment ?? { ...readDotEnv(), ...process.env })
  const { mistaken, unknown } = findOddNames(all)
  const misnamed = [...mistaken].map(([name, meant]) => `${name} is not a setting: rename it to ${meant}, or unset it.`)
  const given: Record<string, unknown> = Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(SettingsSchema.properties, name)))
  const isEmbeddedLogAskedFor = given['DATA_DIR'] !== undefined
  const faults = removeFaults(given)
  if (!isSettings(given)) throw new ConfigError([...misnamed, ...faults.values()])
  const config = derive(given, unknown)
  const wrong = [...faults.keys(), ...mistaken.values()]
  const contradictory = [...contradictions(config), ...statusFaults(config, given), ...storeContradictions(config, isEmbeddedLogAskedFor)]
    .filter((problem) => !wrong.some((name) => problem.includes(name)))
  const problems = [...misnamed, ...faults.values(), ...contradictory]
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

function withoutEmpty (environment: Record<string, string | undefined>): Record<string, string> {
  const set = Object.entries(environment).flatMap(([name, value]) => value === undefined || value === '' ? [] : [[name, value] as const])
  return Object.fromEntries(set)
}

function readDotEnv (): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync('.env', 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
}

/** Takes out settings that are wrong by themselves, so that the rest can be judged; gives a sentence for each name. */
function removeFaults (given: Record<string, unknown>): Map<string, string> {
  const faults = new Map<string, string>()
  if (isSettings(given)) return faults
  for (const { instancePath, message = 'is not valid', keyword, params } of isSettings.errors ?? []) {
    const name = instancePath.slice(1)
    faults.set(name, `${name} ${message}${keyword === 'enum' ? `: ${String(params['allowedValues']).replaceAll(',', ', ')}` : ''}.`)
    Reflect.deleteProperty(given, name)
  }
  return faults
}

function derive (settings: Settings, unknownNames: readonly string[]): Config {
  const { TERMINAL_STATUSES, CORS_ORIGINS, TRUST_PROXY, ENGINE_ALLOWED_HOSTS, ENGINE_ALLOW_PROCESSES, DRAIN_DELAY_MS, ...rest } = settings
  const redis = redisTarget(settings)
  const hasTokenKey = settings.JWT_SECRET !== undefined || settings.JWT_PUBLIC_KEY !== undefined || settings.JWT_JWKS_URL !== undefined
  return {
    ...rest,
    BASE_PATH: readBasePath(settings.BASE_PATH) ?? settings.BASE_PATH,
    terminalStatuses: readTerminalStatuses(items(TERMINAL_STATUSES)).statuses,
    corsOrigins: items(CORS_ORIGINS),
    trustProxy: trustProxy(TRUST_PROXY),
    redis,
    retention: {
      maxEvents: settings.RUN_MAX_EVENTS ?? (redis === null ? 1_000_000 : 100_000),
      maxBytes: settings.RUN_MAX_BYTES ?? (redis === null ? 1_073_741_824 : 67_108_864),
      ttlSeconds: settings.RUN_TTL_S
    },
    allowedHosts: items(ENGINE_ALLOWED_HOSTS),
    // A development start listens on loopback only, or is refused.
    allowProcesses: ENGINE_ALLOW_PROCESSES ?? !hasTokenKey,
    // At a terminal nobody waits for a gateway.
    drainDelayMs: DRAIN_DELAY_MS ?? (settings.NODE_ENV === 'production' ? 5_000 : 0),
    hasTokenKey,
    unknownNames
  }
}

function redisTarget (settings: Settings): RedisTarget | null {
  const url = settings.REDIS_URL ?? null
  if (settings.REDIS_CLUSTER_NODES !== undefined) return { kind: 'cluster', nodes: hostPorts(settings.REDIS_CLUSTER_NODES), url }
  if (settings.REDIS_SENTINELS !== undefined) {
    return { kind: 'sentinel', sentinels: hostPorts(settings.REDIS_SENTINELS), master: settings.REDIS_SENTINEL_MASTER ?? '', url }
  }
  return url === null ? null : { kind: 'standalone', url }
}

/** Finds what is wrong with the words that end a run. */
function statusFaults (config: Config, { TERMINAL_STATUSES }: Settings): string[] {
  const { faults } = readTerminalStatuses(items(TERMINAL_STATUSES))
  const isLostKnown = config.RUN_LOST_AFTER_S === undefined || config.terminalStatuses.get(LOST_STATUS) === 'failed'
  return isLostKnown ? faults : [...faults, 'RUN_LOST_AFTER_S needs the word lost=failed in TERMINAL_STATUSES.']
}

function storeContradictions (config: Config, isEmbeddedLogAskedFor: boolean): string[] {
  const problems: string[] = []
  if (config.REDIS_SENTINELS !== undefined && config.REDIS_SENTINEL_MASTER === undefined) problems.push('REDIS_SENTINELS needs REDIS_SENTINEL_MASTER.')
  if (config.REDIS_SENTINEL_MASTER !== undefined && config.REDIS_SENTINELS === undefined) problems.push('REDIS_SENTINEL_MASTER needs REDIS_SENTINELS.')
  if (config.REDIS_SENTINELS !== undefined && config.REDIS_CLUSTER_NODES !== undefined) problems.push('REDIS_SENTINELS and REDIS_CLUSTER_NODES exclude each other.')
  if (config.WEB_CONCURRENCY > 1 && config.redis === null) problems.push('WEB_CONCURRENCY over 1 needs Redis, since the embedded log belongs to one process.')
  if (config.NODE_ENV === 'production' && config.redis === null && !isEmbeddedLogAskedFor) {
    problems.push('NODE_ENV=production needs a place for the log: set REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER_NODES, or DATA_DIR for the embedded log.')
  }
  return problems
}

function contradictions (config: Config): string[] {
  const problems: string[] = []
  const keys = [config.JWT_SECRET, config.JWT_PUBLIC_KEY, config.JWT_JWKS_URL].filter((key) => key !== undefined)
  if (keys.length > 1) problems.push('Set only one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL.')
  if (config.JWT_PUBLIC_KEY !== undefined) problems.push(...publicKeyFaults(config.JWT_PUBLIC_KEY))
  if (config.JWT_JWKS_URL !== undefined && config.JWT_ISSUER === undefined) problems.push('JWT_JWKS_URL needs JWT_ISSUER.')
  if (config.JWT_JWKS_URL !== undefined) problems.push('JWT_JWKS_URL is not supported yet: set JWT_PUBLIC_KEY or JWT_SECRET.')
  if (readBasePath(config.BASE_PATH) === null) problems.push('BASE_PATH is a path such as /runcast, of letters, digits and . _ ~ - in each segment.')
  else if (isOwnAddress(config.BASE_PATH)) problems.push(`BASE_PATH ${config.BASE_PATH} begins like an address of the service itself. Choose another one, such as /runcast.`)
  for (const origin of config.corsOrigins) {
    if (!isOrigin(origin)) problems.push(`CORS_ORIGINS has ${origin}, which is not an origin such as https://app.example.com.`)
  }
  for (const host of config.allowedHosts) {
    if (!HOST_PATTERN.test(host)) problems.push(`ENGINE_ALLOWED_HOSTS has ${host}, which is not of the form host, host:port or *.domain.`)
  }
  for (const proxy of Array.isArray(config.trustProxy) ? config.trustProxy : []) {
    if (!isAddressRange(proxy)) problems.push(`TRUST_PROXY has ${proxy}, which is neither an IP address nor a CIDR range.`)
  }
  if (!config.hasTokenKey && config.NODE_ENV === 'production') problems.push('NODE_ENV=production needs JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL.')
  else if (!config.hasTokenKey && !isLoopback(config.HOST)) problems.push(`HOST ${config.HOST} is not a loopback address, so JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL must be set.`)
  return problems
}

function publicKeyFaults (pem: string): string[] {
  try {
    readPublicKey(pem)
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** Tells if only this machine can reach an address. */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function items (text: string): string[] {
  return text.split(/[\s,]+/).filter((item) => item !== '')
}

function hostPorts (text: string): HostPort[] {
  return items(text).map((item) => {
    const colon = item.lastIndexOf(':')
    return { host: item.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(item.slice(colon + 1)) }
  })
}

function trustProxy (text: string): boolean | string[] {
  const proxies = items(text)
  if (proxies.length === 0 || text === 'false') return false
  return text === 'true' ? true : proxies
}

function isAddressRange (text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return PROXY_RANGES.has(text)
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

function isOrigin (text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
