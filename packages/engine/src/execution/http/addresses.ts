import { BlockList, isIP } from 'node:net'

/**
 * Where clouds keep the credentials of machines, and the addresses that are only valid on one link, where some of those
 * are as well. An IPv4 address written as an IPv6 one counts as what it is.
 */
const forbidden = new BlockList()
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('168.63.129.16', 'ipv4')
forbidden.addAddress('192.0.0.192', 'ipv4')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addSubnet('fd00:ec2::', 32, 'ipv6')
forbidden.addAddress('fd20:ce::254', 'ipv6')
forbidden.addAddress('fd00:42::42', 'ipv6')
// 169.254.0.0/16 by way of NAT64 and 6to4.
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
forbidden.addSubnet('2002:a9fe::', 32, 'ipv6')

/** Whether an IP address is never to be called. */
export function isForbiddenAddress (address: string): boolean {
  const [plain = ''] = address.split('%')
  const family = isIP(plain)
  return family !== 0 && forbidden.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Whether calls may go to a host.
 *
 * @param host without the brackets of an IPv6 address
 * @param allowed `host`, `host:port` or `*.domain`, an IPv6 address in brackets
 */
export function isAllowedHost (host: string, port: number, allowed: readonly string[]): boolean {
  const name = isIP(host) === 6 ? `[${host}]` : host.toLowerCase().replace(/\.$/, '')
  return allowed.some((entry) => {
    const { pattern, only } = split(entry.toLowerCase())
    if (only !== null && only !== port) return false
    return pattern.startsWith('*.') ? name.endsWith(pattern.slice(1)) : name === pattern
  })
}

function split (entry: string): { readonly pattern: string, readonly only: number | null } {
  const [, pattern = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? []
  return { pattern, only: port === undefined ? null : Number(port) }
}
