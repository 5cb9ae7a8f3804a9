import { ORIGIN } from '@runcast/protocol'
import type { StreamGap } from '../../../schemas/stream.ts'
import { token } from '../../helpers/service/tokens.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { nameOf } from './event-names.ts'
import type { Known, LogCopy } from './evidence.ts'

/** The log of one run, whole, as a service gives it. */
export async function copyLog (url: string, runId: string): Promise<LogCopy> {
  const text = await readLog(`${url}/api/v1/workflow-runs/${runId}/events`)
  const events: Known[] = []
  let start = ORIGIN
  for (const line of text.split('\n')) {
    const [, id, payload] = EVENT.exec(line) ?? []
    if (id !== undefined && payload !== undefined) events.push({ id, name: nameOf(payload) })
    else if (line !== '') start = gapOf(line).resumed_after
  }
  return { events, start, last: events.at(-1)?.id ?? start }
}

/** Reads the lines of a log. Reads again while the storage does not answer: then the answer is 503, or breaks off. */
async function readLog (url: string): Promise<string> {
  let text: string | null = null
  await waitUntil(`${url} is read to its end`, async () => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token()}`, accept: 'application/x-ndjson' } })
    if (response.status !== 200 && response.status !== 503) throw new Error(`${url} can not be read: ${await response.text()}`)
    text = response.status === 200 ? await response.text().catch(() => null) : null
    return text !== null
  })
  return text ?? ''
}

const EVENT = /^\{"id":"([\d-]+)","event_type":"[^"]*","payload":(.*)\}$/

function gapOf (line: string): StreamGap {
  const { gap }: { gap: StreamGap } = JSON.parse(line)
  return gap
}
