import type { Connection } from '@runcast/client/react'
import { useEffect, useMemo, useState } from 'react'
import { useLocation } from 'react-router'
import { useSession } from '../session/session-context.ts'
import { statusLabel } from '../status/status-icon.tsx'
import { kindOfRun } from '../status/status-kind.ts'
import { RunHeader } from './header/run-header.tsx'
import { lineOf } from './log/use-marked-line.ts'
import { isCurrent } from './model/connection-state.ts'
import type { RunModelState } from './model/run-model-state.ts'
import { tabLookOf } from './model/tab-look.ts'
import { ReplayBar } from './replay/replay-bar.tsx'
import { useReplay } from './replay/use-replay.ts'
import { RunFeed } from './run-feed.tsx'
import { RunNotice } from './run-notice.tsx'
import { RunPanels } from './run-panels.tsx'
import { useAway } from './use-away.ts'
import { useRunModel } from './use-run-model.ts'
import { useStopTime } from './use-stop-time.ts'
import { useTabLook } from './use-tab-look.ts'
import classes from './run-detail-view.module.css'

/** One run: its log, its steps and its results. */
export function RunDetailView ({ runId }: { runId: string }) {
  const { hash } = useLocation()
  const { model, state: known } = useRunModel(runId, lineOf(hash))
  const [connection, setConnection] = useState<Connection>('connecting')
  const { replay, isLoading, start } = useReplay(runId, model)
  const shownCount = replay === null ? known.previews.length : known.previews.filter(({ at }) => at <= replay.state.at).length
  const shownPreviews = useMemo(() => known.previews.slice(0, shownCount), [known.previews, shownCount])
  const state = useMemo<RunModelState>(() => replay === null
    ? known
    : { ...known, run: replay.run, previews: shownPreviews }, [known, replay, shownPreviews])
  const cutOffAt = useStopTime(isCurrent(connection))
  const stoppedAt = replay?.state.at ?? known.run.finishedAt ?? cutOffAt
  useSignedOut(known, connection)
  const isAway = useAway(connection, known.run.terminal)
  useTabLook(tabLookOf(known.run.name ?? runId, kindOfRun(known.run), known.phase === 'waiting' ? 'Waiting' : statusLabel(known.run.status), isAway))

  return (
    <article className={classes['view']} aria-busy={known.phase === 'opening'}>
      {known.streamFrom !== null && <RunFeed runId={runId} model={model} from={known.streamFrom} onConnection={setConnection} />}
      <RunHeader
        runId={runId} state={state} connection={connection} stoppedAt={stoppedAt} isReplay={replay !== null}
        onReplay={known.run.terminal && replay === null ? start : null} isReplayLoading={isLoading}
      />
      <RunNotice runId={runId} model={model} state={known} />
      <RunPanels runId={runId} model={model} state={state} isReplay={replay !== null} stoppedAt={stoppedAt} />
      {replay !== null && <ReplayBar replay={replay} />}
    </article>
  )
}

/** A refusal may mean that the session is over: then the page leads to the login. */
function useSignedOut ({ phase }: RunModelState, connection: Connection): void {
  const { check } = useSession()
  const isRefused = phase === 'refused' || connection === 'denied'
  useEffect(() => {
    if (isRefused) check()
  }, [isRefused, check])
}
