import type { EventPage, EventPageQuery, Run } from '../../api/types.ts'
import { eventsOf } from './log-page.ts'
import { nextId } from './log-window.ts'
import { previewOf, type Preview } from './previews.ts'

const PREVIEWS_AT_ONCE = 50
const MAX_PAGES = 20

/**
 * Reads the newest previews of a run up to its last known event, page by page from the newest.
 *
 * @param listEvents rejects with ApiError, and so does the generator
 */
export async function * newestPreviews (run: Run, listEvents: (query: EventPageQuery) => Promise<EventPage>): AsyncGenerator<readonly Preview[]> {
  const expected = run.counts === null ? 1 : Math.min(run.counts['result_preview'] ?? 0, PREVIEWS_AT_ONCE)
  let before: string | null = expected === 0 ? null : nextId(run.last_event_id)
  for (let found = 0, pages = 0; found < expected && before !== null && pages < MAX_PAGES; pages++) {
    const page = await listEvents({ before, limit: PREVIEWS_AT_ONCE, event_types: 'result_preview' })
    const previews = eventsOf(page).flatMap((event) => previewOf(event) ?? [])
    found += previews.length
    before = page.more ? page.before : null
    yield previews
  }
}
