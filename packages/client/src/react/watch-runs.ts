import type { StreamOptions } from './page-streams.ts'
import type { RunUpdatesListener } from './runs-topic.ts'
import { pageStreams } from './this-page.ts'

/**
 * Follows the list of runs, over one connection for all tabs of the origin, which counts among its four. The first
 * snapshot comes as soon as the service answers.
 *
 * @returns stops calling the listener
 */
export function watchRuns (listener: RunUpdatesListener, options: StreamOptions = {}): () => void {
  return pageStreams().watchRuns(listener, options)
}
