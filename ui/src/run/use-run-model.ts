import { follow } from '@runcast/client'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { BASE_PATH } from '../api/base-path.ts'
import { getRun, listEvents } from '../api/runs.ts'
import { isAtLeast } from './model/levels.ts'
import { rowsOf } from './model/log-rows.ts'
import type { RunModelState } from './model/run-model-state.ts'
import { RunModel, type RunSource } from './model/run-model.ts'

/** The time between two looks for signs of life, in milliseconds. */
const REFRESH_MS = 30_000

/** Opens a run for as long as the component is there. @param line the event to open at; null to let the model choose */
export function useRunModel (runId: string, line: string | null): { model: RunModel, state: RunModelState } {
  const [model] = useState(() => new RunModel(sourceOf(runId), { after: (ms, callback) => { setTimeout(callback, ms) } }))
  const [firstLine] = useState(line)
  useEffect(() => {
    model.open(firstLine)
    return () => model.close()
  }, [model, firstLine])
  useEffect(() => {
    const timer = setInterval(() => { if (!document.hidden) model.refresh() }, REFRESH_MS)
    return () => clearInterval(timer)
  }, [model])
  return { model, state: useSyncExternalStore(model.subscribe, model.state) }
}

// Lines without a level come with errors, and a run may have nothing else.
const MAX_LOOKED_AT = 20_000

function sourceOf (runId: string): RunSource {
  return {
    getRun: (signal) => getRun(runId, signal),
    listEvents: (query, signal) => listEvents(runId, query, signal),
    async findFirstError (signal) {
      const search = new AbortController()
      const stop = () => search.abort()
      signal.addEventListener('abort', stop)
      let lookedAt = 0
      try {
        for await (const item of follow({ url: BASE_PATH, runId, eventTypes: ['log', 'status_change'], minLevel: 'error', signal: search.signal })) {
          if (item.kind === 'event' && rowsOf(item).some((row) => isAtLeast(row.level, 'error'))) return item.id
          if (item.kind === 'reconnecting' || ++lookedAt > MAX_LOOKED_AT) return null
        }
        return null
      } finally {
        stop()
        signal.removeEventListener('abort', stop)
      }
    }
  }
}
