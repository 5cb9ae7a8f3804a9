import { HEARD_NEWS_MS } from '../run-log/retention.ts'
import type { RunLog, RunState } from '../run-log/run-log.ts'

/** The bounds of one look through the list: runs per page, and in all. */
const PAGE_RUNS = 100
const MOST_RUNS = 10_000

/** The longest time until an append shows in the list, in milliseconds. */
const LIST_DELAY_MS = 5_000

/**
 * Remembers the last news that followers were told of each run that changed lately: its last event, and about when its
 * publisher was last heard. A feed tells news by it, with a hint or without.
 */
export class KnownRuns {
  #told = new Map<string, string>()
  /** All changes before this time are known, in milliseconds since 1970. At first there is no follower to tell. */
  #completeTo = Infinity

  isNews (state: RunState): boolean {
    return this.#told.get(state.runId) !== newsOf(state)
  }

  note (state: RunState): void {
    this.#told.set(state.runId, newsOf(state))
  }

  /**
   * Reads a tenant's list from the newest run back to the time up to which all changes are known.
   *
   * @throws as `RunLog.listRuns` does
   */
  async list (log: Pick<RunLog, 'listRuns'>, tenant: string): Promise<RunState[]> {
    const found: RunState[] = []
    let cursor: string | null = null
    do {
      const page = await log.listRuns({ tenant, status: null, outcome: null, limit: PAGE_RUNS, cursor, allows: () => true })
      found.push(...page.runs)
      cursor = page.cursor
    } while (cursor !== null && found.length < MOST_RUNS && this.#completeTo <= (found.at(-1)?.updatedAt ?? 0))
    return found
  }

  /** Notes the runs that `list` gave, once their followers were told, and forgets all others. */
  replace (listed: readonly RunState[]): void {
    this.#told = new Map(listed.map((state) => [state.runId, newsOf(state)]))
    this.#completeTo = (listed[0]?.updatedAt ?? 0) - LIST_DELAY_MS
  }
}

function newsOf ({ lastEventId, lastHeardAt }: RunState): string {
  return `${lastEventId} ${lastHeardAt === null ? '' : Math.floor(lastHeardAt / HEARD_NEWS_MS)}`
}
