export { backoffMs, type Backoff } from './backoff.ts'
export { DEFAULT_EVENT_TYPE, MAX_BATCH_EVENTS, MAX_BODY_BYTES, MAX_JSON_DEPTH, PUBLISH_REFUSED } from './bounds.ts'
export { isAtOrBefore, joinEventId, msOf, ORIGIN, parseCursor, seqOf, splitEventId, type EventId, type EventIdParts } from './event-id.ts'
export { fieldOf } from './field.ts'
export { eventTypeOf, frameNameOf } from './frame-name.ts'
export { levelRank, LOG_LEVELS, type LogLevel } from './log-level.ts'
export {
  EVENT_ID_PATTERN, EVENT_TYPE_PATTERN, isEventType, isRunId,
  PUBLISHER_EVENT_ID_PATTERN, RUN_ID_PATTERN, RUN_ID_RULE
} from './patterns.ts'
export { runPagePath, runPath } from './run-paths.ts'
export { errorText } from './error-text.ts'
export { isWaitingStatus, OUTCOME_WORDS, outcomeOf, statusKindOf, type Outcome, type StatusKind } from './statuses.ts'
