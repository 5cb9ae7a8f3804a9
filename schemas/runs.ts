import { OUTCOME_WORDS, RUN_ID_PATTERN, type Outcome } from '@runcast/protocol'
import { Type, type Static } from 'typebox'
import { EventIdSchema, RUN_LIST_CURSOR_PATTERN, RunIdSchema } from './events.ts'

/** The most runs of a page unless another number is asked for. */
export const DEFAULT_RUNS = 50

/** A run, for documentation. */
export const RUN_EXAMPLE = {
  run_id: 'build-4711',
  name: 'Nightly build',
  status: 'failed',
  outcome: 'failed',
  terminal: true,
  error: { message: 'exit code 1' },
  created_at: '2025-11-24T16:00:00.000Z',
  started_at: '2025-11-24T16:00:01.250Z',
  finished_at: '2025-11-24T16:02:30.000Z',
  updated_at: '2025-11-24T16:02:30.100Z',
  last_heard_at: null,
  events: 42,
  counts: { status_change: 4, log: 38 },
  steps: [{ step: 'compile', name: 'Compile', status: 'failed', outcome: 'failed', started_at: '2025-11-24T16:00:02.000Z', updated_at: '2025-11-24T16:02:29.000Z', finished_at: '2025-11-24T16:02:29.000Z' }],
  last_log: 'make: *** [all] Error 1',
  first_event_id: '1764000000000-1',
  last_event_id: '1764000150100-42',
  retry_of: null,
  workflow: null
}

const text = (description: string) => Type.String({ description })
const nullableText = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })
const time = (description: string) => Type.String({ format: 'date-time', description })
const nullableTime = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description })
const OUTCOMES = Object.keys(OUTCOME_WORDS)
const outcome = (description: string) => Type.Unsafe<Outcome | null>({ type: ['string', 'null'], enum: [...OUTCOMES, null], description })

const StepSchema = Type.Object({
  step: text('The step, as its events name it.'),
  name: nullableText('Its title.'),
  status: text('Its status, in lower case.'),
  outcome: outcome('The outcome of that status; null unless it ended the step.'),
  started_at: time('The time of its first event.'),
  updated_at: time('The time of its last change of status.'),
  finished_at: nullableTime('The time of its terminal status.')
})

/** The workflow that a run executes. */
export interface WorkflowName {
  readonly name: string
  readonly version: string
}

/** The state of a run, as its events have made it. */
export const RunSchema = Type.Object({
  run_id: RunIdSchema,
  name: nullableText('The title that a status_change gave.'),
  status: nullableText('The status, in lower case; null before the first status_change.'),
  outcome: outcome('The outcome of that status; null unless it ended the run.'),
  terminal: Type.Boolean({ description: 'True if that status ended the run for good.' }),
  error: Type.Unknown({ description: 'The error that a status_change brought; null without one.' }),
  created_at: time('The time of its first event.'),
  started_at: nullableTime('The time of the first status that is not a kind of waiting.'),
  finished_at: nullableTime('The time of its terminal status.'),
  updated_at: time('The time of its last event.'),
  last_heard_at: nullableTime('The time of its last event or sign of life; null if its publisher has never sent a sign of life.'),
  events: Type.Integer({ minimum: 0, description: 'The number of events ever stored.' }),
  counts: Type.Unsafe<Record<string, number> | null>({
    type: ['object', 'null'],
    additionalProperties: { type: 'integer' },
    description: 'The number of each type; null when it can not be known any more.'
  }),
  steps: Type.Array(StepSchema, { description: 'Its steps, in the order of their first events.' }),
  last_log: nullableText('The beginning of the message of the last log event.'),
  first_event_id: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The oldest event that is still kept; null when none is.' }),
  last_event_id: EventIdSchema,
  retry_of: nullableText('The run that this one repeats.'),
  workflow: Type.Unsafe<WorkflowName | null>({
    type: ['object', 'null'],
    properties: { name: { type: 'string' }, version: { type: 'string' } },
    required: ['name', 'version'],
    description: 'The workflow that it executes, as a status_change named it by workflow and workflow_version. The engine of this service names it.'
  })
}, { $id: 'Run', description: 'The state of a run, as its events have made it.', examples: [RUN_EXAMPLE] })

/** The state of a run, as its events have made it. */
export type Run = Static<typeof RunSchema>

export const RunListSchema = Type.Object({
  runs: Type.Array(Type.Unsafe<Run>({ $ref: 'Run#' })),
  cursor: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Asks for the next page; null at the end.' })
}, { $id: 'RunList', description: 'A page of runs, the last changed first.', examples: [{ runs: [RUN_EXAMPLE], cursor: null }] })

/** A page of runs, the last changed first. */
export type RunList = Static<typeof RunListSchema>

export const RunListQuerySchema = Type.Object({
  status: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only runs with this status, in any case.', examples: ['running'] })),
  outcome: Type.Optional(Type.Unsafe<Outcome>({ type: 'string', enum: OUTCOMES, description: 'Only runs with this outcome.', examples: ['failed'] })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: DEFAULT_RUNS, description: 'The most runs of the page.' })),
  cursor: Type.Optional(Type.String({ pattern: RUN_LIST_CURSOR_PATTERN, description: 'The cursor of the page before.' }))
})

/** The path of everything that belongs to one run. */
export const RunParamsSchema = Type.Object({ run_id: Type.String({ pattern: RUN_ID_PATTERN, description: 'The run.', examples: ['build-4711'] }) })
