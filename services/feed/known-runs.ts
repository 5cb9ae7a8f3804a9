import type { EventId } from '@runcast/protocol'
import type { RunLog, RunState } from '../run-log/run-log.ts'

/** How many runs are read at once when the list is looked through, and the most in all. */
const PAGE_RUNS = 100
const MOST_RUNS = 10_000

/** The list follows the appends by less than this, in milliseconds. */
const LIST_DELAY_MS = 5_000

/**
 * What the followers of a feed were told of its runs: the last event of each that changed lately. By it the feed
 * knows what is news, whether a hint named it or none came.
 */
export class KnownRuns {
  #lastIds = new Map<string, EventId>()
  /** Everything before this time is known, in milliseconds since 1970; at first there is nobody who needs to know. */
  #completeTo = Infinity

  isNews (state: RunState): boolean {
    return this.#lastIds.get(state.runId) !== state.lastEventId
  }

  note (state: RunState): void {
    this.#lastIds.set(state.runId, state.lastEventId)
  }

  /**
   * Reads a tenant's list from the newest run back to those that are known to be known.
   *
   * @throws as `RunLog.listRuns` does
   */
  async list (log: Pick<RunLog, 'listRuns'>, tenant: string): Promise<RunState[]> {
    const found: RunState[] = []
    let cursor: string | null = null
    do {
      const page = await log.listRuns({ tenant, status: null, limit: PAGE_RUNS, cursor, allows: () => true })
      found.push(...page.runs)
      cursor = page.cursor
    } while (cursor !== null && found.length < MOST_RUNS && this.#completeTo <= (found.at(-1)?.updatedAt ?? 0))
    return found
  }

  /** Takes what `list` gave for known, once it is told, and forgets the rest. */
  replace (listed: readonly RunState[]): void {
    this.#lastIds = new Map(listed.map(({ runId, lastEventId }) => [runId, lastEventId]))
    this.#completeTo = (listed[0]?.updatedAt ?? 0) - LIST_DELAY_MS
  }
}
