import type { Logger } from '../logging/logger.ts'
import type { GapReason } from '../run-log/gap.ts'
import type { Follower, FollowerObserver } from './follower.ts'

/** Where a process reports what becomes of its streams. */
export interface StreamReports {
  readonly log: Logger
  gap (reason: GapReason): void
  fellBack (): void
  /** A stream of this subject is gone. */
  ended (subject: string): void
}

/** Who opened a stream of which run. */
export interface StreamFields {
  readonly request_id: string
  readonly run_id: string
  readonly subject: string
}

/** What is kept of the request that opened a stream, and little of it: there are many, and they last for hours. */
export class StreamRecord implements FollowerObserver {
  readonly #reports: StreamReports
  readonly #fields: StreamFields

  constructor (reports: StreamReports, fields: StreamFields) {
    this.#reports = reports
    this.#fields = fields
  }

  opened (mode: string, position: string): void {
    this.#reports.log.info({ ...this.#fields, mode, position }, 'stream opened')
  }

  closed (follower: Follower): void {
    this.#reports.ended(this.#fields.subject)
    const { events, bytes, end: reason, openedAt } = follower
    this.#reports.log.info({ ...this.#fields, duration_ms: Date.now() - openedAt, events, bytes, reason }, 'stream ended')
  }

  gap (reason: GapReason): void {
    this.#reports.gap(reason)
  }

  fellBack (): void {
    this.#reports.fellBack()
  }

  failed (error: unknown): void {
    this.#reports.log.error({ ...this.#fields, err: error }, 'stream failed')
  }
}
