import { backoffMs } from '@runcast/protocol'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Logger, LogLine } from '../logging/logger.ts'
import { throttledLog } from '../logging/throttled-log.ts'
import { Refusals } from './refusals.ts'
import { SentinelClient } from './sentinel-client.ts'
import { databaseOf, type HostPort, type RedisTarget } from './target.ts'

/** A client for ordinary commands; it has the same commands for one server and for a Cluster. */
export type CommandClient = Redis | Cluster

type ClientOptions = Omit<RedisOptions, 'replyMapping'>

/** The time after which a command without an answer fails, in milliseconds. */
const COMMAND_TIMEOUT_MS = 1_000

/** The least time between two logged errors of one connection, in milliseconds. */
const ERROR_LOG_INTERVAL_MS = 5_000

/** The wait before an attempt to connect with a password that was refused, in milliseconds. */
const REFUSED_PAUSE_MS = 2_000

/** The waits between attempts to connect. */
const RECONNECT = { baseMs: 50, maxMs: 1_500 }

/** This process's connections to Redis: one for commands, and one more per purpose that subscribes. */
export interface RedisConnections {
  /** The one client for ordinary commands; in a Cluster it keeps a connection per primary. Not connected until `connect()`. */
  readonly command: CommandClient
  /** The number of the database; pub/sub takes no notice of it. */
  readonly database: number
  /** True when Redis is a Cluster, so that live channels are sharded. */
  readonly sharded: boolean
  /** The parts of the service that Redis refuses now. */
  readonly refusals: Refusals
  /**
   * Makes a connection for subscriptions. It connects at `connect()`, and reconnects by itself unless `once`. It
   * never subscribes again by itself, since the subscriber must learn that messages were missed.
   *
   * @param purpose names the connection in the log and in Redis' client list
   * @param options.node `host:port` of the node to connect to, in a Cluster only
   * @param options.once ends the connection for good when it breaks
   */
  subscriber (purpose: 'live' | 'ingest', options?: { readonly node?: string, readonly once?: boolean }): Redis
}

/**
 * Prepares the connections to Redis and opens none of them. Logs their errors, at most one per 5 s and connection; one
 * that is refused is noted in `refusals` instead, and tried again every 2 s.
 */
export function createRedisConnections (target: RedisTarget, logger: Logger): RedisConnections {
  const access = accessOf(target)
  const refusals = new Refusals()
  const retryStrategy = (attempt: number) => refusals.current === 'redis_wrong_password' ? REFUSED_PAUSE_MS : backoffMs(attempt, RECONNECT)
  const named = (purpose: string): ClientOptions => ({ connectionName: `runcast:${purpose}:${process.pid}`, retryStrategy })
  const commandClient = target.kind === 'cluster'
    ? clusterClient(target.nodes, { ...access, ...named('command') }, retryStrategy)
    : singleClient(target, named('command'))
  const watch = createWatch(logger, refusals)
  const command = watch(commandClient, 'command')

  return {
    command,
    database: databaseOf(target),
    sharded: target.kind === 'cluster',
    refusals,
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
 * The options of all clients. A command is sent once, and fails at once when its connection breaks, because only its
 * caller knows whether it may run twice. The socket timeout gives up a connection that answers nothing.
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
  reconnectOnError: (error: Error) => error.message.includes('READONLY')
} satisfies ClientOptions

function singleClient (target: Exclude<RedisTarget, { kind: 'cluster' }>, options: ClientOptions): Redis {
  if (target.kind === 'standalone') return new Redis(target.url, { ...CLIENT, ...options, db: databaseOf(target) })
  const { tls, ...access } = accessOf(target)
  return new SentinelClient({
    ...CLIENT,
    ...access,
    ...(tls && { tls, enableTLSForSentinelMode: true }),
    ...options,
    sentinels: target.sentinels.map(({ host, port }) => ({ host, port })),
    name: target.master,
    role: 'master',
    // Without it a client stays with a master that was frozen and replaced, and loses every write to it.
    failoverDetector: true,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS
  })
}

function clusterClient (nodes: readonly HostPort[], access: ClientOptions, clusterRetryStrategy: (attempt: number) => number): Cluster {
  const { enableOfflineQueue, ...redisOptions } = CLIENT
  return new Cluster(nodes.map(({ host, port }) => ({ host, port })), {
    lazyConnect: true,
    enableOfflineQueue,
    clusterRetryStrategy,
    redisOptions: { ...redisOptions, ...access }
  })
}

/** User, password, database and TLS of a URL, for clients that take their address from elsewhere. */
function accessOf (target: RedisTarget): ClientOptions {
  if (target.url === null) return {}
  const { protocol, username, password } = new URL(target.url)
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(target.kind !== 'cluster' && { db: databaseOf(target) }),
    ...(protocol === 'rediss:' && { tls: {} })
  }
}

function placeOf (node: string | undefined): HostPort {
  if (node === undefined) throw new Error('a subscriber of a Redis Cluster needs a node')
  const colon = node.lastIndexOf(':')
  return { host: node.slice(0, colon), port: Number(node.slice(colon + 1)) }
}

/**
 * Makes a function that logs the errors of a client. Without a listener every error would be printed, or end the
 * process. Clients of one name share a limit, since some connections are made anew for each attempt.
 */
function createWatch (logger: Logger, refusals: Refusals): <T extends CommandClient>(client: T, connection: string) => T {
  const logs = new Map<string, LogLine>()
  return (client, connection) => {
    const log = logs.get(connection) ?? throttledLog((fields, message) => logger.warn(fields, message), ERROR_LOG_INTERVAL_MS)
    logs.set(connection, log)
    client.on('error', (error: Error) => { if (!refusals.note(connection, error)) log({ connection, err: error }, 'Redis connection error') })
    client.on('ready', () => refusals.clear(connection))
    // A node that is left refuses nothing any more. The ingest makes a connection anew for each attempt.
    client.on('end', () => { if (connection !== 'ingest') refusals.clear(connection) })
    return client
  }
}
