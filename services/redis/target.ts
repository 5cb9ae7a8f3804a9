/** The place of Redis: one server, a master that Sentinels know, or a Cluster. A `url` beside other addresses gives user, password, database and TLS only. */
export type RedisTarget =
  | { readonly kind: 'standalone', readonly url: string }
  | { readonly kind: 'sentinel', readonly sentinels: readonly HostPort[], readonly master: string, readonly url: string | null }
  | { readonly kind: 'cluster', readonly nodes: readonly HostPort[], readonly url: string | null }

export interface HostPort {
  readonly host: string
  readonly port: number
}
