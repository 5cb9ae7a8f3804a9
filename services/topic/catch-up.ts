import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import { backoffMs, type EventId } from '@runcast/protocol'
import { UnavailableError } from '../problems/storage-errors.ts'
import type { Filter } from './filter.ts'
import type { EncodedPage } from './pages.ts'
import type { Topic } from './topic.ts'

/** The pause before the log is read again when it did not answer or was behind the topic. */
const PAUSE = { baseMs: 500, maxMs: 500 }

/**
 * The events of a run after a cursor, page by page as fast as they are taken. Every page is judged anew. Ends by `gone`
 * alone: while the log does not answer it waits.
 *
 * @throws whatever the log throws but UnavailableError
 */
export async function * catchUp (topic: Topic, filter: Filter, from: EventId, gone: AbortSignal): AsyncGenerator<EncodedPage, void, void> {
  let cursor = from
  while (!gone.aborted) {
    const page = await readPatiently(topic, filter, cursor, gone)
    if (page === null) return
    const isNew = page.position !== cursor || page.resume.gap !== null
    cursor = page.position
    yield page
    // A page without events is written at once, so that a long log would leave no turn to others.
    if (page.chunk === null) await nextTurn()
    // Level with the log but not with the topic, which has yet to hear of it.
    if (!isNew) await (await topic.repair() ? nextTurn() : pause(gone))
  }
}

/** @returns null once the client has gone */
async function readPatiently (topic: Topic, filter: Filter, cursor: EventId, gone: AbortSignal): Promise<EncodedPage | null> {
  while (!gone.aborted) {
    try {
      const page = await topic.pageAfter(cursor, filter)
      if (gone.aborted) return null
      if (page !== null) return page
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error
    }
    await pause(gone)
  }
  return null
}

async function pause (gone: AbortSignal): Promise<void> {
  await delay(backoffMs(0, PAUSE), undefined, { signal: gone, ref: false }).catch(() => {})
}
