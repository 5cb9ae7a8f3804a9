import { useMemo, useSyncExternalStore } from 'react'
import { NOTHING_KNOWN, type RunStream } from './event-store.ts'
import { nameOf, type RunStreamOptions } from './page-streams.ts'
import { pageStreams } from './this-page.ts'

/**
 * Follows a run and renders again as it goes on, at most once a frame. All components, and all tabs of the origin,
 * that follow one run share one connection; an origin has at most four. On a server it gives nothing known yet.
 *
 * Options that change what is followed (`url`, `from`, `maxEvents`) begin anew; `token`, `getToken` and `fetch` are
 * those of whoever followed the run first.
 */
export function useRunStream (runId: string, options: RunStreamOptions = {}): RunStream {
  const name = nameOf(runId, options)
  // Written anew at every render, options are the same as long as they ask for the same.
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
