import { useMemo, useSyncExternalStore } from 'react'
import { NOTHING_KNOWN, type RunStream } from './event-store.ts'
import { nameOf, type RunStreamOptions } from './page-streams.ts'
import { pageStreams } from './this-page.ts'

/**
 * Follows a run and renders again with its changes, at most once a frame. All components and all tabs of the origin
 * that follow one run share one connection; an origin has at most four. A server gets the state before a connection.
 *
 * A change of `url`, `from` or `maxEvents` begins anew. Of components that follow the same run, the first one's
 * `token`, `getToken` and `fetch` are used.
 */
export function useRunStream (runId: string, options: RunStreamOptions = {}): RunStream {
  const name = nameOf(runId, options)
  // Callers make a new options object at every render: only its name tells a change.
  const source = useMemo(() => sourceOf(name, runId, options), [name])
  return useSyncExternalStore(source.subscribe, source.snapshot, () => NOTHING_KNOWN)
}

function sourceOf (name: string, runId: string, options: RunStreamOptions) {
  return {
    subscribe (callback: () => void): () => void {
      const { value, release } = pageStreams().followRun(runId, options)
      const unsubscribe = value.store.subscribe(callback)
      return () => {
        unsubscribe()
        release()
      }
    },
    snapshot: (): RunStream => pageStreams().followed(name)?.store.snapshot ?? NOTHING_KNOWN
  }
}
