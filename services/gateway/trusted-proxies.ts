import { BlockList, isIP } from 'node:net'

/** The ranges of addresses that TRUST_PROXY knows by a name. */
const NAMED_RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
}

/**
 * Makes a test for addresses whose X-Forwarded headers are believed, the same as Fastify's own for its `trustProxy`.
 *
 * @param trusted all addresses or none; or a list of addresses, CIDR ranges, loopback, linklocal and uniquelocal
 */
export function trustedProxies (trusted: boolean | readonly string[]): (address: string | undefined) => boolean {
  if (typeof trusted === 'boolean') return () => trusted
  const list = new BlockList()
  for (const range of trusted.flatMap((range) => NAMED_RANGES[range] ?? [range])) {
    const [address = '', bits] = range.split('/')
    const family = familyOf(address)
    list.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family)
  }
  return (address = '') => isIP(address) !== 0 && list.check(address, familyOf(address))
}

function familyOf (address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}
