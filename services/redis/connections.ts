import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { HostPort, RedisTarget } from '../config.ts'
import type { Logger, LogLine } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import { SentinelClient } from './sentinel-client.ts'

/** A client for ordinary commands; it has the same commands for one server and for a Cluster. */
export type CommandClient = Redis | Cluster

type ClientOptions = Omit<RedisOptions, 'replyMapping'>

/** How long a command may take before its caller is told that it failed, in milliseconds. */
const COMMAND_TIMEOUT_MS = 1_000

/** Errors of one connection are logged at most this often, in milliseconds. */
const ERROR_LOG_INTERVAL_MS = 5_000

/** This process's connections to Redis: one for commands, and one more per purpose that subscribes. */
export interface RedisConnections {
  /** The one client for ordinary commands; in Cluster it keeps a connection per primary. Not connected until `connect()`. */
  readonly command: CommandClient
  /** Whether Redis is a Cluster, so that live channels are sharded. */
  readonly sharded: boolean
  /**
   * Makes a connection for subscriptions, which connects at `connect()` and comes back by itself unless `once`.
   * It does not subscribe again by itself: whoever subscribes knows what was missed.
   *
   * @param purpose names the connection, here and in Redis' client list
   * @param options.node `host:port` of the node to connect to, in Cluster only
   * @param options.once whether the connection ends for good when it breaks
   */
  subscriber (purpose: 'live' | 'ingest', options?: { readonly node?: string, readonly once?: boolean }): Redis
}

/**
 * Prepares the connections to Redis, none of which is opened yet. Their errors are handled here and logged
 * at most once per 5 s and connection.
 */
export function createRedisConnections (target: RedisTarget, logger: Logger): RedisConnections {
  const access = accessOf(target)
  const named = (purpose: string): ClientOptions => ({ connectionName: `runcast:${purpose}:${process.pid}` })
  const commandClient = target.kind === 'cluster'
    ? clusterClient(target.nodes, { ...access, ...named('command') })
    : singleClient(target, named('command'))
  const watch = createWatch(logger)
  const command = watch(commandClient, 'command')

  return {
    command,
    sharded: target.kind === 'cluster',
    subscriber (purpose, { node, once = false } = {}) {
      const options: ClientOptions = { ...named(purpose), autoResubscribe: false, ...(once && { retryStrategy: () => null }) }
      const client = target.kind === 'cluster'
        ? new Redis({ ...CLIENT, ...access, ...options, ...placeOf(node) })
        : singleClient(target, options)
      return watch(client, node === undefined ? purpose : `${purpose} ${node}`)
    }
  }
}

/**
 * What all clients have in common. A command is sent once and fails at once when its connection breaks: whoever
 * sent it decides whether it may run again. The socket timeout gives up a connection that answers nothing.
 */
const CLIENT = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: 3_000,
  connectTimeout: 2_000,
  disconnectTimeout: 500,
  keepAlive: 5_000,
  retryStrategy: backoff,
  reconnectOnError: (error: Error) => error.message.includes('READONLY')
} satisfies ClientOptions

/** How long to wait before the n-th attempt to connect, in milliseconds: up to 1.5 s, jittered so that replicas don't come at once. */
function backoff (attempt: number): number {
  return Math.min(1_000, 25 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random())
}

function singleClient (target: Exclude<RedisTarget, { kind: 'cluster' }>, options: ClientOptions): Redis {
  if (target.kind === 'standalone') return new Redis(target.url, { ...CLIENT, ...options })
  const { tls, ...access } = accessOf(target)
  return new SentinelClient({
    ...CLIENT,
    ...access,
    ...(tls && { tls, enableTLSForSentinelMode: true }),
    ...options,
    sentinels: target.sentinels.map(({ host, port }) => ({ host, port })),
    name: target.master,
    role: 'master',
    // Without it a client stays with a master that was frozen and replaced, and what it writes there is lost.
    failoverDetector: true,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS
  })
}

function clusterClient (nodes: readonly HostPort[], access: ClientOptions): Cluster {
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = CLIENT
  return new Cluster(nodes.map(({ host, port }) => ({ host, port })), {
    lazyConnect: true,
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    redisOptions: { ...redisOptions, ...access }
  })
}

/** User, password, database and TLS of a URL, for clients that are told their address otherwise. */
function accessOf (target: RedisTarget): ClientOptions {
  if (target.url === null) return {}
  const { protocol, username, password, pathname } = new URL(target.url)
  const database = Number(pathname.slice(1))
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(target.kind !== 'cluster' && database > 0 && { db: database }),
    ...(protocol === 'rediss:' && { tls: {} })
  }
}

function placeOf (node: string | undefined): HostPort {
  if (node === undefined) throw new Error('a subscriber of a Redis Cluster needs a node')
  const colon = node.lastIndexOf(':')
  return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) }
}

/**
 * An error event without a listener would end the process or be printed for every attempt to connect. A connection
 * that is made anew for each attempt is the same one to whoever reads the log.
 */
function createWatch (logger: Logger): <T extends CommandClient>(client: T, connection: string) => T {
  const logs = new Map<string, LogLine>()
  return (client, connection) => {
    const log = logs.get(connection) ?? throttledLog((fields, message) => logger.warn(fields, message), ERROR_LOG_INTERVAL_MS)
    logs.set(connection, log)
    client.on('error', (error: Error) => log({ connection, err: error }, 'Redis connection error'))
    return client
  }
}
