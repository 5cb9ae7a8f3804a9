import { Agent, request } from 'node:http'
import type { RunningServer } from './servers/server.ts'

/** Fills a payload up, so that an event has about 200 bytes. */
const PADDING = 'x'.repeat(110)

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/**
 * Publishes events to a run of Runcast as one batch over HTTP.
 *
 * @returns their ids
 * @throws Error when it is not answered with 201
 */
export function publishBatch (server: RunningServer, runId: string, payloads: readonly object[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(payloads.map((payload) => ({ event_type: 'node_status', payload: { run_id: runId, status: 'succeeded', ...payload, pad: PADDING } })))
    const headers = Object.fromEntries(server.headers.map((line) => line.split(': ')))
    const options = { agent, port: server.port, method: 'POST', path: `/api/v1/workflow-runs/${runId}/events` }
    request({ ...options, headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => { text += String(part) })
      response.on('end', () => {
        if (response.statusCode !== 201) return reject(new Error(`publishing was answered with ${response.statusCode}: ${text}`))
        const { ids }: { ids: string[] } = JSON.parse(text)
        resolve(ids)
      })
    }).on('error', reject).end(body)
  })
}
