import { createHash } from 'node:crypto'
import type { LogLevel, NewEvent, Publisher } from '@runcast/client'
import { nesting, type Json, type JsonObject } from '../json.ts'
import type { EngineLogger } from '../logger.ts'
import type { FinishedRun, FinishedTask } from './checkpoint-values.ts'
import { createMask, type LineMask } from './mask.ts'
import { problemValue, type Problem } from './problem.ts'

/** A task as events name it. */
export interface Step {
  /** Its JSON pointer in the definition. */
  readonly step: string
  readonly name: string
  /** The number of the attempt of the nearest `try` around it, from 1. */
  readonly attempt: number
}

/** An event before its secrets are masked. */
interface PlainEvent {
  readonly type: string
  readonly payload: JsonObject
  /** An event that is published twice under one id is stored once. */
  readonly id?: string
  /** The fencing token of an earlier claim, when the event is published again. */
  readonly token?: number
}

/**
 * Publishes the events of one execution of a run. Events leave the engine here and nowhere else: secrets are masked, and
 * each event carries the fencing token of its claim. A promise resolves when the service has stored the event, or refused
 * it for good, which is logged.
 */
export interface RunEvents {
  /** Publishes the first event of the run. Published again it is stored once. */
  pending (): Promise<void>
  running (): void
  /** Publishes the end of the run, with its output. */
  end (finished: FinishedRun): Promise<void>
  taskRunning (step: Step): void
  /** Publishes the end of a task from the checkpoint of a key; the same checkpoint gives the same events. */
  taskFinished (step: Step, key: string, finished: FinishedTask): Promise<void>
  taskFailed (step: Step, error: Problem, durationMs: number): void
  taskCancelled (step: Step, reason: string, durationMs: number): void
  /** Publishes the tasks that this run takes over from another one. */
  takenOver (tasks: readonly FinishedTask[], from: string): void
  /** @param step left out for a message about the run as a whole */
  log (level: LogLevel, message: string, step?: string, stream?: string): void
  /** Publishes the progress of a task. */
  progress (step: string, progress: JsonObject): void
  /** Publishes a CloudEvent. @throws RuncastError when the service refuses it */
  emit (step: string, event: JsonObject): Promise<void>
  /** Masks a text. A text is masked before it is cut: half a secret is not found. */
  masked (text: string): string
  /** Makes the mask for the lines of one stream of a process, which then go to `log`. */
  lines (): LineMask
  /** Resolves when there is room for more events. A publisher of many awaits it. */
  ready (): Promise<void>
}

/** The fields by which the events of a run name it. */
export interface RunIdentity {
  readonly runId: string
  /** The title of the workflow, or its name. */
  readonly name: string
  readonly workflow: string
  readonly version: string
  readonly retryOf: string | null
}

/** The longest content of a `result_preview` and the longest message of a `log`, in characters of JSON. */
const MAX_PREVIEW = 65_536

/** The deepest content that is published as JSON: the service takes payloads of 64 levels. */
const MAX_DEPTH = 60

/** The longest title and detail of an error, in characters. */
const MAX_DETAIL = 4_096

/** Makes the publisher of the events of a run. @param token the fencing token of the claim */
export function createRunEvents (publisher: Publisher, run: RunIdentity, token: number, secrets: JsonObject, logger: EngineLogger): RunEvents {
  const mask = createMask(secrets)
  const { runId } = run
  const events = publisher.run(runId)
  let hasRefused = false

  function encode ({ type, payload, id, token: own }: PlainEvent): NewEvent {
    const masked = Object.fromEntries(Object.entries(payload).map(([field, value]) => [field, PLAIN_FIELDS.has(field) ? value : mask.value(value)]))
    return { event_type: type, ...id !== undefined && { event_id: id }, payload: { ...masked, fencing_token: own ?? token } }
  }

  async function publish (...plain: readonly PlainEvent[]): Promise<void> {
    try {
      await events.publish(plain.map(encode))
    } catch (error) {
      if (!hasRefused) logger.warn({ err: error, run_id: runId }, 'events of a run are refused')
      hasRefused = true
    }
  }

  /** Publishes at once, without waiting for more events to share the request. A refused event does not hold up the others. */
  async function publishNow (...plain: readonly PlainEvent[]): Promise<void> {
    const published = plain.map((event) => publish(event))
    publisher.flush().catch(() => {})
    await Promise.all(published)
  }

  /** Gives an error as events have it: its title and detail may come from a server or a definition and be long. */
  function shownProblem ({ detail, ...problem }: Problem): JsonObject {
    const shown = (text: string) => cut(mask.text(text), MAX_DETAIL)
    return problemValue({ ...problem, title: shown(problem.title), ...detail !== undefined && { detail: shown(detail) } })
  }

  function preview (output: Json, fields: JsonObject): PlainEvent {
    const text = JSON.stringify(mask.value(output))
    const size = Buffer.byteLength(JSON.stringify(output))
    const isCut = text.length > MAX_PREVIEW
    const content = isCut || nesting(text) > MAX_DEPTH
      ? { content: cut(text, MAX_PREVIEW), media_type: 'text/plain', ...isCut && { truncated: true } }
      : { content: output, media_type: 'application/json' }
    return { type: 'result_preview', payload: { ...content, size, final: true, ...fields } }
  }

  return {
    pending () {
      const { name, workflow, version, retryOf } = run
      const payload = { status: 'pending', name, workflow, workflow_version: version, ...retryOf !== null && { retry_of: retryOf } }
      return publishNow({ type: 'status_change', payload, id: 'run-pending', token: 0 })
    },
    running () {
      publish({ type: 'status_change', payload: { status: 'running', name: run.name } })
    },
    end ({ status, output, error, token: own, durationMs }) {
      const payload = { status, name: run.name, duration_ms: durationMs, ...error !== null && { error: shownProblem(error) } }
      const result = status === 'succeeded' ? [{ ...preview(output, {}), id: eventId('run', own, 'result'), token: own }] : []
      return publishNow(...result, { type: 'status_change', payload, id: eventId('run', own, 'status'), token: own })
    },
    taskRunning (step) {
      publish({ type: 'status_change', payload: { status: 'running', ...step } })
    },
    taskFinished (step, key, { status, output, token: own, durationMs }) {
      const change = { type: 'status_change', payload: { status, ...step, duration_ms: durationMs }, id: eventId(key, own, 'status'), token: own }
      const result = { ...preview(output, { step: step.step }), id: eventId(key, own, 'result'), token: own }
      return publishNow(...status === 'skipped' ? [change] : [result, change])
    },
    taskFailed (step, error, durationMs) {
      publishNow({ type: 'status_change', payload: { status: 'failed', ...step, duration_ms: durationMs, error: shownProblem(error) } })
    },
    taskCancelled (step, reason, durationMs) {
      publish({ type: 'status_change', payload: { status: 'cancelled', ...step, duration_ms: durationMs, reason } })
    },
    takenOver (tasks, from) {
      publish(...tasks.map(({ step, status }) => ({ type: 'status_change', payload: { status, step, name: nameOf(step), reason: `taken over from run ${from}` } })))
    },
    log (level, message, step, stream) {
      publish({ type: 'log', payload: { level, message: cut(mask.text(message), MAX_PREVIEW), ...step !== undefined && { step }, ...stream !== undefined && { stream } } })
    },
    progress (step, progress) {
      publish({ type: 'result_preview', payload: { content: progress, media_type: 'application/json', step, final: false, ...progress } })
    },
    async emit (step, event) {
      const published = events.publish(encode({ type: 'cloud_event', payload: { step, event } }))
      publisher.flush().catch(() => {})
      await published
    },
    masked: (text) => mask.text(text),
    lines: () => mask.lines(),
    ready: () => publisher.ready()
  }
}

/** Fields with words of the engine or the definition: a secret that happens to be such a word must not spoil them. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['status', 'name', 'workflow', 'workflow_version', 'step', 'attempt', 'duration_ms', 'level', 'stream', 'media_type', 'final', 'truncated', 'size', 'retry_of'])

/** Makes an event's id of a checkpoint's key, which may be longer than ids are allowed to be. */
function eventId (key: string, token: number, part: string): string {
  return `${createHash('sha256').update(key).digest('base64url')}-${token}-${part}`
}

/** Reads the name of a task from the last part of its JSON pointer. */
function nameOf (pointer: string): string {
  return pointer.slice(pointer.lastIndexOf('/') + 1).replaceAll('~1', '/').replaceAll('~0', '~')
}

function cut (text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
