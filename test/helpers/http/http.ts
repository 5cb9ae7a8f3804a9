import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Ask {
  readonly method?: string
  /** Headers to be sent as they are, also Host. */
  readonly headers?: Record<string, string>
  /** Text as it is; anything else as JSON with its content type, unless the headers name one. */
  readonly body?: unknown
}

/** One request on a connection of its own, as curl would send it. */
export function ask (url: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<Answer> {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const typed = text !== body ? { 'content-type': 'application/json', ...headers } : headers
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: typed, agent: false }, (response) => {
      let received = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => { received += chunk })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(text)
  })
}
