import { tokenFor, type App } from '../service/app.ts'
import { openEventStream, type OpenOptions } from './event-stream.ts'

/** The token of a caller that may read and write. */
export const reader = tokenFor({ sub: 'reader', scope: 'runs:read runs:write' })

/** The address of a run's stream. */
export const streamUrl = ({ url }: App, runId: string, query = '') => `${url}/api/v1/workflow-runs/${runId}/stream${query}`

/** Opens the stream of a run. */
export function open (app: App, runId: string, { query = '', ...options }: OpenOptions & { query?: string } = {}) {
  return openEventStream(streamUrl(app, runId, query), { token: reader, ...options })
}

/** A log event to publish. */
export const log = (message: string, level = 'info') => ({ event_type: 'log', payload: { level, message } })

/** A status_change to publish. */
export const status = (name: string) => ({ event_type: 'status_change', payload: { status: name } })
