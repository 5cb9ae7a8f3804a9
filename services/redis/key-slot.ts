import type { Cluster } from 'ioredis'

const SLOTS = 16_384

/**
 * The hash slot of a key or shard channel in a Redis Cluster: CRC16 (XMODEM) of its tag, the text between its first
 * braces, or of all of it.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
 */
export function keySlot (key: string): number {
  const open = key.indexOf('{')
  const close = open === -1 ? -1 : key.indexOf('}', open)
  const tag = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : ((crc << 1) ^ 0x1021)
    crc &= 0xffff
  }
  return crc % SLOTS
}

/** The `host:port` of the primary that has a slot, as far as the client knows; null when it knows none. */
export function primaryOf (cluster: Cluster, slot: number): string | null {
  return cluster.slots[slot]?.[0] ?? null
}
