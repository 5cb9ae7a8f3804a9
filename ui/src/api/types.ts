import type { Static } from 'typebox'
import type { Session, SessionRequest } from '../../../schemas/auth.ts'
import type { EventPageSchema } from '../../../schemas/history.ts'
import type { Run, RunList, WorkflowName } from '../../../schemas/runs.ts'
import type { StartedRun, StartRun, WorkflowDetail, WorkflowList } from '../../../schemas/workflows.ts'

export type { Run, RunList, Session, SessionRequest, StartedRun, StartRun, WorkflowDetail, WorkflowList, WorkflowName }

/** A workflow in the list. */
export type WorkflowSummary = WorkflowList['workflows'][number]

/** A page of a run's log. */
export type EventPage = Static<typeof EventPageSchema>

/** The query for a page of a run's log. */
export interface EventPageQuery {
  /** The events after this id. */
  readonly after?: string | undefined
  /** The events right before this id. */
  readonly before?: string | undefined
  /** The most events of the page, up to 1,000. */
  readonly limit?: number | undefined
  /** Only these types, separated by commas. */
  readonly event_types?: string | undefined
}
