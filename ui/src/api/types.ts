import type { Static } from 'typebox'
import type { Session, SessionRequest } from '../../../schemas/auth.ts'
import type { EventPageSchema } from '../../../schemas/history.ts'
import type { Run, RunList } from '../../../schemas/runs.ts'

export type { Run, RunList, Session, SessionRequest }

/** A page of a run's log. */
export type EventPage = Static<typeof EventPageSchema>
