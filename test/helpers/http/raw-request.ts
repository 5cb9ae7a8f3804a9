import { request } from 'node:http'
import { connect } from 'node:net'

/** An answer to a request whose path was sent as it is. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: string
}

/** Requests a path without normalising it, as `fetch` would. */
export async function rawRequest (url: string, path: string, { method = 'GET', headers = {} }: { method?: string, headers?: Record<string, string> } = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return await new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
      response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('error', reject).end()
  })
}

/** Sends bytes to the service and gives everything that comes back until it hangs up. */
export async function rawBytes (url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return await new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes))
    socket.setEncoding('utf8').on('data', (text) => { answer += String(text) })
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}
