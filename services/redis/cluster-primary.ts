import type { Cluster } from 'ioredis'

/** The `host:port` of the primary that owns a hash slot, as the client last read it; null while the client knows none. */
export function primaryOf (cluster: Cluster, slot: number): string | null {
  return cluster.slots[slot]?.[0] ?? null
}
