import type { From, Page, RunLog } from './run-log.ts'

/** The most events of one page that is read for followers. */
export const PAGE_EVENTS = 500

/** The reads of one run's log. Those that ask for the same place while it is being read share one read. */
export class SharedReads {
  readonly #runId: string
  readonly #log: RunLog
  readonly #onRead: (page: Page) => void
  readonly #running = new Map<string, Promise<Page>>()

  /** @param onRead called once per read, before those who share it get the page */
  constructor (runId: string, log: RunLog, onRead: (page: Page) => void) {
    this.#runId = runId
    this.#log = log
    this.#onRead = onRead
  }

  /**
   * Reads one page of at most PAGE_EVENTS events.
   *
   * @throws as `RunLog.readPage` does
   */
  read (from: From): Promise<Page> {
    const place = JSON.stringify(from)
    const running = this.#running.get(place)
    if (running !== undefined) return running
    const read = this.#readOnce(from).finally(() => this.#running.delete(place))
    this.#running.set(place, read)
    return read
  }

  async #readOnce (from: From): Promise<Page> {
    const page = await this.#log.readPage({ runId: this.#runId, from, limit: PAGE_EVENTS })
    this.#onRead(page)
    return page
  }
}
