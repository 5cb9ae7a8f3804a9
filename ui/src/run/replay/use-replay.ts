import { useCallback, useEffect, useMemo, useState } from 'react'
import { listEvents } from '../../api/runs.ts'
import { previousId } from '../model/log-window.ts'
import type { RunModel } from '../model/run-model.ts'
import { advanced, record, stateAt, toggled, type Recording, type ReplayState, type Speed } from '../model/replay.ts'
import type { RunState } from '../model/run-state.ts'

/** A replay that is on. */
export interface Replay {
  readonly recording: Recording
  readonly state: ReplayState
  /** The state of the run at the moment that is shown. */
  readonly run: RunState
  toggle (): void
  seek (at: number): void
  setSpeed (speed: Speed): void
  stop (): void
}

/** The replay that is on, and the way to start one. */
export interface Replays {
  readonly replay: Replay | null
  readonly isLoading: boolean
  start (): void
}

// Often enough to look smooth. Each tick draws the whole view, so not with every frame.
const TICK_MS = 50

/** Shows a finished run again as it went. */
export function useReplay (runId: string, model: RunModel): Replays {
  const [recording, setRecording] = useState<Recording | null>(null)
  const [state, setState] = useState<ReplayState>({ at: 0, speed: 1, isPlaying: false })
  const [isLoading, setLoading] = useState(false)

  const start = useCallback(async () => {
    setLoading(true)
    try {
      await model.showEnd()
      await model.reader.readAllEarlier()
      const { window } = model.log
      const { newest, run, reader } = model.state()
      const isWhole = reader.earlier === 'none' && reader.trimmed === 0
      const first = window.at(window.start)?.id
      if (first === undefined) return
      const found = await record((after) => listEvents(runId, { after, limit: 1_000, event_types: 'status_change' }), previousId(first), newest, isWhole ? null : run)
      setRecording(found)
      setState({ at: found.from, speed: 1, isPlaying: true })
    } finally {
      setLoading(false)
    }
  }, [runId, model])

  const isPlaying = recording !== null && state.isPlaying
  useEffect(() => {
    if (!isPlaying) return
    let before = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      const passed = now - before
      before = now
      setState((replay) => advanced(replay, recording, passed))
    }, TICK_MS)
    return () => clearInterval(timer)
  }, [isPlaying, recording])

  const until = recording === null ? null : state.at
  useEffect(() => model.log.setUntil(until), [model, until])

  const replay = useMemo<Replay | null>(() => recording && {
    recording,
    state,
    run: stateAt(recording, state.at),
    toggle: () => setState((before) => toggled(before, recording)),
    seek: (at) => setState((before) => ({ ...before, at })),
    setSpeed: (speed) => setState((before) => ({ ...before, speed })),
    stop: () => setRecording(null)
  }, [recording, state])
  return { replay, isLoading, start }
}
