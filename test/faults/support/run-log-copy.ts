import { ORIGIN } from '@runcast/protocol'
import type { StreamGap } from '../../../schemas/stream.ts'
import { token } from '../../helpers/service/tokens.ts'
import { nameOf } from './event-names.ts'
import type { Known, LogCopy } from './evidence.ts'

/** The log of one run, whole, as a service gives it. */
export async function copyLog (url: string, runId: string): Promise<LogCopy> {
  const headers = { authorization: `Bearer ${token()}`, accept: 'application/x-ndjson' }
  const response = await fetch(`${url}/api/v1/workflow-runs/${runId}/events`, { headers })
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
