import { joinEventId, outcomeOf, type EventId } from '@runcast/protocol'
import type { RunEffect, StepEffect } from '../effect.ts'
import { MAX_STEPS } from '../retention.ts'
import type { NewEvent, RunState } from '../run-log.ts'
import type { StoredRun, StoredStep } from './store.ts'

/**
 * Brings an event into the state of its run: counts it and applies its effect.
 *
 * @param run changed in place
 * @param steps changed in place
 * @param ms the append time of the event
 * @param id its id
 */
export function applyEvent (run: StoredRun, steps: StoredStep[], event: NewEvent, ms: number, id: EventId): void {
  // A name such as `constructor` is an event type too.
  run.counts[event.type] = (Object.hasOwn(run.counts, event.type) ? run.counts[event.type] ?? 0 : 0) + 1
  const { effect } = event
  if (effect === null) return
  if (effect.status === undefined || run.terminalId === null) applyChange(run, effect, ms, id)
  run.lastLog = effect.log ?? run.lastLog
  if (effect.step !== undefined) applyStep(steps, effect.step, ms)
}

/** Applies a status. The first end of a run stays, with its error. */
function applyChange (run: StoredRun, effect: RunEffect, ms: number, id: EventId): void {
  run.name = effect.name ?? run.name
  run.error = effect.error ?? run.error
  run.retryOf = effect.retryOf ?? run.retryOf
  if (effect.workflow !== undefined) run.workflow = effect.workflow
  if (effect.status === undefined) return
  run.status = effect.status
  if (effect.started === true) run.startedAt ??= ms
  if (effect.outcome === undefined) return
  run.terminalId = id
  run.outcome = effect.outcome
  run.finishedAt = ms
}

function applyStep (steps: StoredStep[], effect: StepEffect, ms: number): void {
  const index = steps.findIndex(({ step }) => step === effect.step)
  if (index === -1 && steps.length >= MAX_STEPS) return
  const before = steps[index]
  steps[index === -1 ? steps.length : index] = {
    step: effect.step,
    name: effect.name ?? before?.name ?? null,
    status: effect.status,
    startedAt: before?.startedAt ?? ms,
    updatedAt: ms,
    finishedAt: effect.outcome === undefined ? null : ms,
    outcome: effect.outcome ?? null
  }
}

/** Makes the state of a run from its record. An end that is older than stored outcomes tells its outcome by its status. */
export function runStateOf (runId: string, run: StoredRun, steps: readonly StoredStep[], firstMs: number | null): RunState {
  return {
    runId,
    tenant: run.tenant,
    name: run.name,
    status: run.status,
    outcome: run.terminalId === null ? null : run.outcome ?? outcomeOf(run.status ?? ''),
    terminal: run.terminalId !== null,
    lastHeardAt: run.heardAt === undefined ? null : Math.max(run.heardAt, run.lastMs),
    error: run.error,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    updatedAt: run.lastMs,
    events: run.lastSeq,
    counts: run.counts,
    steps: steps.map((step) => ({ ...step, outcome: step.outcome === undefined ? outcomeOf(step.status) : step.outcome })),
    lastLog: run.lastLog,
    firstEventId: firstMs === null ? null : joinEventId(firstMs, run.firstSeq),
    lastEventId: joinEventId(run.lastMs, run.lastSeq),
    retryOf: run.retryOf,
    workflow: run.workflow ?? null
  }
}
