// The hosts and addresses that workflows may call. Filters such as request-filtering-agent and ssrf-req-filter are agents
// of node:http, which fetch does not take (azu/request-filtering-agent#23, nodejs/undici#2019), and they refuse the
// private addresses that an operator may well allow here. Node's BlockList does the comparing.

import { BlockList, isIP } from 'node:net'

/**
 * The addresses at which clouds keep the credentials of machines, and the addresses of a single link, among which are
 * more of those. An IPv4 address that is written as an IPv6 one is treated as the IPv4 address.
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

/** Tells whether an IP address must never be called. */
export function isForbiddenAddress (address: string): boolean {
  const [plain = ''] = address.split('%')
  const family = isIP(plain)
  return family !== 0 && forbidden.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Tells whether calls may go to a host.
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
