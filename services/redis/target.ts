/** The place of Redis: one server, a master that Sentinels know, or a Cluster. A `url` beside other addresses gives user, password, database and TLS only. */
export type RedisTarget =
  | { readonly kind: 'standalone', readonly url: string }
  | { readonly kind: 'sentinel', readonly sentinels: readonly HostPort[], readonly master: string, readonly url: string | null }
  | { readonly kind: 'cluster', readonly nodes: readonly HostPort[], readonly url: string | null }

/**
 * Reads the number of the database from a target's URL: its path, or `?db=`. A Cluster has database 0 only.
 */
export function databaseOf ({ kind, url }: RedisTarget): number {
  if (kind === 'cluster' || url === null) return 0
  const { pathname, searchParams } = new URL(url)
  return Number.parseInt(pathname.slice(1) || (searchParams.get('db') ?? ''), 10) || 0
}

export interface HostPort {
  readonly host: string
  readonly port: number
}
