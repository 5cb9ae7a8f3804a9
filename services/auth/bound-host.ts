/**
 * Tells whether a Host header names the server that listens on a loopback address. Another name can only come from a
 * page that made its own domain resolve to this machine.
 *
 * @param header the Host header, if any
 * @param host the address that the server listens on, as configured
 * @param port the port of the socket that brought the request; undefined without a socket
 */
export function isBoundHost (header: string | undefined, host: string, port: number | undefined): boolean {
  const [, name, givenPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(header?.toLowerCase() ?? '') ?? []
  if (name === undefined || !new Set([host.toLowerCase(), `[${host}]`, 'localhost', '127.0.0.1', '[::1]']).has(name)) return false
  return port === undefined || Number(givenPort ?? 80) === port
}
