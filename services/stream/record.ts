import type { Logger } from '../logging/logger.ts'
import type { GapReason } from '../run-log/gap.ts'
import type { Follower, FollowerObserver } from '../topic/follower.ts'

/** Takes the reports of all streams of this process. */
export interface StreamReports {
  readonly log: Logger
  gap (reason: GapReason): void
  fellBack (): void
  /** The socket of a stream of this subject is gone. */
  ended (subject: string): void
}

/** The fields of every log line of one stream. */
export interface StreamFields {
  readonly request_id: string
  readonly run_id: string
  readonly subject: string
}

/** The log lines of one stream. Keeps little of the request that opened it: streams are many and last for hours. */
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
