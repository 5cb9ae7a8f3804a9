import { ORIGIN } from '@runcast/protocol'
import type { StreamGap } from '../../../schemas/stream.ts'
import { token } from '../../helpers/service/tokens.ts'
import { waitUntil } from '../../helpers/wait-until.ts'
import { nameOf } from './event-names.ts'
import type { Known, LogCopy } from './evidence.ts'

/** The log of one run, whole, as a service gives it. Asks again while the storage does not answer, as 503 says. */
export async function copyLog (url: string, runId: string): Promise<LogCopy> {
  const read = () => fetch(`${url}/api/v1/workflow-runs/${runId}/events`, { headers: { authorization: `Bearer ${token()}`, accept: 'application/x-ndjson' } })
  let response = await read()
  await waitUntil(`the log of ${runId} can be read`, async () => {
    if (response.status === 503) response = await read()
    return response.status !== 503
  })
  if (response.status !== 200) throw new Error(`the log of ${runId} can not be read: ${await response.text()}`)
  const events: Known[] = []
  let start = ORIGIN
  for (const line of (await response.text()).split('\n')) {
    const [, id, payload] = EVENT.exec(line) ?? []
    if (id !== undefined && payload !== undefined) events.push({ id, name: nameOf(payload) })
    else if (line !== '') start = gapOf(line).resumed_after
  }
  return { events, start, last: events.at(-1)?.id ?? start }
}

const EVENT = /^\{"id":"([\d-]+)","event_type":"[^"]*","payload":(.*)\}$/

function gapOf (line: string): StreamGap {
  const { gap }: { gap: StreamGap } = JSON.parse(line)
  return gap
}
