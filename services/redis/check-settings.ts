import { Cluster } from 'ioredis'
import type { RedisFinding } from '../../schemas/diagnostics.ts'
import type { CommandClient } from './connections.ts'
import type { RedisKeys } from './keys.ts'

/** The oldest version whose scripts and sharded channels the service can use. */
const LEAST_VERSION = 7

/** The policies under which Redis does not drop a run that somebody still needs, unless everything expires. */
const GOOD_POLICIES: ReadonlySet<string> = new Set(['noeviction', 'volatile-ttl'])

/** The least hard limit for the buffer of a subscriber, in bytes: Redis' own default. */
const LEAST_SUBSCRIBER_BUFFER = 33_554_432

const CONFIG_NAMES = ['save', 'min-replicas-to-write', 'notify-keyspace-events', 'client-output-buffer-limit']

/** A node of Redis that answers these commands. */
interface RedisNode {
  info (...sections: string[]): Promise<string>
  call (command: string, ...args: string[]): Promise<unknown>
}

/**
 * Looks for settings of Redis that make the service lose what it promises to keep.
 *
 * @returns a finding for each setting that is wrong on a primary, or can not be read; never rejects
 */
export async function checkRedisSettings (redis: CommandClient, keys: RedisKeys): Promise<RedisFinding[]> {
  const nodes: readonly RedisNode[] = redis instanceof Cluster ? redis.nodes('master') : [redis]
  if (nodes.length === 0) return [unreachable('no node of the Cluster answers')]
  const found = await Promise.all(nodes.map((node) => checkNode(node, keys)))
  // Nodes of a Cluster mostly have the same settings.
  return [...new Map(found.flat().map((finding) => [JSON.stringify(finding), finding])).values()]
}

async function checkNode (node: RedisNode, keys: RedisKeys): Promise<RedisFinding[]> {
  let info: string
  try {
    info = await node.info()
  } catch (error) {
    return [isRefusal(error) ? { setting: 'INFO', value: null, problem: 'The Redis user may not use INFO, so version, memory policy and persistence could not be checked. Grant it with +info.' } : unreachable(String(error))]
  }
  const config = await readConfig(node)
  return [...infoFindings(info, config), ...configFindings(info, config), ...await rightsFindings(node, keys)]
}

function infoFindings (info: string, config: ReadonlyMap<string, string> | null): RedisFinding[] {
  const field = fieldsOf(info)
  const version = field('redis_version')
  const policy = field('maxmemory_policy')
  const findings: RedisFinding[] = []
  if (Number.parseInt(version, 10) < LEAST_VERSION) findings.push({ setting: 'version', value: version, problem: `This Redis is older than ${LEAST_VERSION}.0, which the service needs. Use Redis 7.0 or later, or Valkey.` })
  if (!GOOD_POLICIES.has(policy)) findings.push({ setting: 'maxmemory-policy', value: policy, problem: 'When memory is full, Redis drops runs that are still in use. Set maxmemory-policy noeviction.' })
  if (field('aof_enabled') === '0') {
    const saves = config?.get('save') !== ''
    findings.push({ setting: 'appendonly', value: 'no', problem: `A restart of Redis loses ${saves ? 'all events since its last snapshot' : 'every run, since save is off too'}. Set appendonly yes.` })
  }
  if (field('role') === 'slave') findings.push({ setting: 'replicaof', value: field('master_host'), problem: 'This Redis is a replica, which takes no writes. Let REDIS_URL lead to the primary, or use REDIS_SENTINELS.' })
  return findings
}

function configFindings (info: string, config: ReadonlyMap<string, string> | null): RedisFinding[] {
  if (config === null) return [{ setting: 'CONFIG', value: null, problem: `The Redis user may not use CONFIG GET, so ${CONFIG_NAMES.join(', ')} could not be checked. Grant it with +config|get, or check them by hand.` }]
  const findings: RedisFinding[] = []
  const replicas = Number(fieldsOf(info)('connected_slaves'))
  const toWrite = config.get('min-replicas-to-write')
  if (replicas > 0 && toWrite === '0') findings.push({ setting: 'min-replicas-to-write', value: toWrite, problem: 'A failover may lose events that publishers were told are stored. Set min-replicas-to-write 1.' })
  const notified = config.get('notify-keyspace-events') ?? ''
  if (notified !== '') findings.push({ setting: 'notify-keyspace-events', value: notified, problem: 'Each write costs Redis further messages that the service does not use. Set notify-keyspace-events "" unless something else needs them.' })
  const limit = /pubsub (\d+) (\d+) (\d+)/.exec(config.get('client-output-buffer-limit') ?? '')
  const hard = Number(limit?.[1] ?? 0)
  if (limit !== null && hard > 0 && hard < LEAST_SUBSCRIBER_BUFFER) findings.push({ setting: 'client-output-buffer-limit', value: limit[0], problem: 'Redis cuts the connection of a service that is behind for a moment. Set client-output-buffer-limit "pubsub 32mb 8mb 60" or more.' })
  return findings
}

/** @returns null where the user may not read it, or the provider does not offer it */
async function readConfig (node: RedisNode): Promise<Map<string, string> | null> {
  try {
    const reply = await node.call('CONFIG', 'GET', ...CONFIG_NAMES)
    return new Map(pairsOf(reply))
  } catch {
    return null
  }
}

/** Asks Redis whether the service's own user may do what the service does. */
async function rightsFindings (node: RedisNode, keys: RedisKeys): Promise<RedisFinding[]> {
  const needed: ReadonlyArray<readonly string[]> = [
    ['PSUBSCRIBE', keys.inputPattern],
    ['SUBSCRIBE', keys.live('x')],
    ['PUBLISH', keys.live('x'), 'x'],
    ['EVALSHA', 'x', '1', keys.log('x')],
    ['XADD', keys.log('x'), '*', 'a', 'b'],
    ['ZADD', keys.index(''), '1', 'a'],
    ['SET', keys.lease, 'x']
  ]
  try {
    const user = String(await node.call('ACL', 'WHOAMI'))
    const answers = await Promise.all(needed.map(async (command) => String(await node.call('ACL', 'DRYRUN', user, ...command))))
    return answers.flatMap((answer, index) => answer === 'OK' ? [] : [rightsFinding(user, needed[index] ?? [], answer)])
  } catch {
    // Without ACL the first refused command tells, by the readiness of the service.
    return []
  }
}

function rightsFinding (user: string, [command = '', target = '']: readonly string[], answer: string): RedisFinding {
  const remedy = /channel/.test(answer) ? 'its channels with &<pattern>' : /key/.test(answer) ? 'its keys with ~<pattern>' : `the command with +${command.toLowerCase()}`
  return { setting: `ACL ${user}`, value: `${command} ${target}`, problem: `The Redis user may not do this, which the service does. Grant ${remedy}.` }
}

function pairsOf (reply: unknown): Array<[string, string]> {
  if (reply instanceof Map) return [...reply].map(([name, value]) => [String(name), String(value)])
  if (Array.isArray(reply)) return reply.flatMap((name, index) => index % 2 === 0 ? [[String(name), String(reply[index + 1])]] : [])
  return typeof reply === 'object' && reply !== null ? Object.entries(reply).map(([name, value]) => [name, String(value)]) : []
}

function fieldsOf (info: string): (name: string) => string {
  return (name) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
}

function isRefusal (error: unknown): boolean {
  return error instanceof Error && /NOPERM|unknown command/i.test(error.message)
}

function unreachable (reason: string): RedisFinding {
  return { setting: 'connection', value: null, problem: `Redis does not answer (${reason}). Check REDIS_URL and the network.` }
}
