import { useRunStream, type Connection, type Gap } from '@runcast/client/react'
import { useEffect, useLayoutEffect, useRef } from 'react'
import type { RunSession } from './model/run-session.ts'
import { newsOf } from './model/stream-news.ts'

export interface RunFeedProps {
  readonly runId: string
  readonly session: RunSession
  /** After which event the stream begins. */
  readonly from: string
  readonly onConnection: (connection: Connection) => void
}

// Of more than these at once, as after a tab was out of view for long, the log is read instead.
const MAX_EVENTS = 20_000

/** Feeds a session from the stream of its run. Shows nothing. */
export function RunFeed ({ runId, session, from, onConnection }: RunFeedProps) {
  const stream = useRunStream(runId, { from: { after: from }, maxEvents: MAX_EVENTS })
  const { events, gap, connection, status } = stream
  const taken = useRef<{ id: string, gap: Gap | null }>({ id: from, gap: null })

  useLayoutEffect(() => {
    const news = newsOf({ events, gap }, taken.current.id, taken.current.gap)
    if (news.kind === 'behind') session.fallBehind(news.newest)
    else if (news.items.length > 0) session.receive(news.items)
    taken.current = { id: session.state().newest, gap }
  }, [session, events, gap])

  useEffect(() => {
    onConnection(connection)
    if (connection === 'ended') session.end(status)
    if (connection === 'reconnecting' || connection === 'stale') session.connectionLost()
    if (connection === 'live' || connection === 'ended') session.connectionBack()
  }, [session, connection, status, onConnection])
  return null
}
