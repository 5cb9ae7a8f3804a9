import { useRunStream, type Connection, type Gap } from '@runcast/client/react'
import { useEffect, useLayoutEffect, useRef } from 'react'
import { BASE_PATH } from '../api/base-path.ts'
import type { RunModel } from './model/run-model.ts'
import { newsOf } from './model/stream-news.ts'

export interface RunFeedProps {
  readonly runId: string
  readonly model: RunModel
  /** The event after which the stream begins. */
  readonly from: string
  readonly onConnection: (connection: Connection) => void
}

// After more events at once, as in a tab that was out of view for long, the log is read instead.
const MAX_EVENTS = 20_000

/** Feeds a model from the stream of its run. It shows nothing. */
export function RunFeed ({ runId, model, from, onConnection }: RunFeedProps) {
  const stream = useRunStream(runId, { url: BASE_PATH, from: { after: from }, maxEvents: MAX_EVENTS })
  const { events, gap, connection, status } = stream
  const taken = useRef<{ id: string, gap: Gap | null }>({ id: from, gap: null })

  useLayoutEffect(() => {
    const news = newsOf({ events, gap }, taken.current.id, taken.current.gap)
    if (news.kind === 'behind') model.fallBehind(news.newest)
    else if (news.items.length > 0) model.receive(news.items)
    taken.current = { id: model.state().newest, gap }
  }, [model, events, gap])

  useEffect(() => {
    onConnection(connection)
    if (connection === 'ended') model.end(status)
    if (connection === 'reconnecting' || connection === 'stale') model.connectionLost()
    if (connection === 'live' || connection === 'ended') model.connectionBack()
  }, [model, connection, status, onConnection])
  return null
}
