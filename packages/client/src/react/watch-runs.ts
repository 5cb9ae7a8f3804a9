import type { StreamOptions } from './page-streams.ts'
import type { RunUpdatesListener } from './runs-topic.ts'
import { pageStreams } from './this-page.ts'

/**
 * Follows the list of runs. All tabs of the origin share one connection for it, which counts among the origin's four.
 * The first snapshot comes as soon as the service answers.
 *
 * @returns a function that stops calling the listener
 */
export function watchRuns (listener: RunUpdatesListener, options: StreamOptions = {}): () => void {
  return pageStreams().watchRuns(listener, options)
}
