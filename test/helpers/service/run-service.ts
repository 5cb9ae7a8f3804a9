import { seqOf } from '@runcast/protocol'
import { ApiError } from '../../../ui/src/api/api-error.ts'
import type { EventPage, EventPageQuery, Run } from '../../../ui/src/api/types.ts'
import type { SourceEvent } from '../../../ui/src/run/model/log-rows.ts'
import type { RunSource } from '../../../ui/src/run/model/run-model.ts'

/** One run as the service would answer for it, its log in memory. */
export interface RunService extends RunSource {
  /** Appends log lines, or events as they are given. @returns them, as a stream would bring them */
  append (...events: ReadonlyArray<string | { type: string, data: unknown }>): SourceEvent[]
  /** Forgets the events up to a number. */
  trim (seq: number): void
  /** Lets requests fail from now on; null lets them succeed. */
  fail (status: number | null): void
  /** Lets requests wait until they are released. @returns releases them */
  hold (): () => void
  /** The event of a number. */
  event (seq: number): SourceEvent
  readonly requests: readonly EventPageQuery[]
  /** The result of `findFirstError`. */
  firstError: string | null
}

/** Makes the service of a run that has no events yet, and so does not exist. */
export function createRunService (): RunService {
  let events: SourceEvent[] = []
  let trimmed = 0
  let failure: number | null = null
  let held: Promise<void> | null = null
  const requests: EventPageQuery[] = []

  async function answer<T> (signal: AbortSignal, give: () => T): Promise<T> {
    await held
    signal.throwIfAborted()
    if (failure !== null) throw new ApiError(failure, 'test', 'The service can not be reached.')
    return give()
  }

  return {
    requests,
    firstError: null,
    append (...added) {
      const made = added.map((event, index) => {
        const seq = trimmed + events.length + index + 1
        return { id: `${1_000 + seq}-${seq}`, ...(typeof event === 'string' ? { type: 'log', data: { message: event } } : event) }
      })
      events.push(...made)
      return made
    },
    trim (seq) {
      events = events.filter(({ id }) => seqOf(id) > seq)
      trimmed = seq
    },
    fail (status) {
      failure = status
    },
    hold () {
      let release = () => {}
      held = new Promise((resolve) => { release = resolve })
      return () => {
        held = null
        release()
      }
    },
    event: (seq) => events[seq - trimmed - 1] ?? { id: '0-0', type: 'log', data: null },
    getRun: (signal) => answer(signal, () => {
      if (events.length === 0) throw new ApiError(404, 'run_not_found', 'There is no such run.')
      return runOf(events)
    }),
    listEvents (query, signal) {
      requests.push(query)
      return answer(signal, () => pageOf(events, trimmed, query))
    },
    async findFirstError () {
      return this.firstError
    }
  }
}

function pageOf (events: readonly SourceEvent[], trimmed: number, { before, after, limit = 100, event_types: types }: EventPageQuery): EventPage {
  const isWanted = ({ type }: SourceEvent) => types === undefined || types.split(',').includes(type)
  const rest = before === undefined
    ? events.slice(Math.max(0, seqOf(after ?? '0-0') - trimmed)).filter(isWanted)
    : events.slice(0, Math.max(0, seqOf(before) - trimmed - 1)).filter(isWanted)
  const page = before === undefined ? rest.slice(0, limit) : rest.slice(-limit)
  const lost = after === undefined ? 0 : Math.max(0, trimmed - seqOf(after))
  return {
    run_id: 'run',
    events: page.map(({ id, type, data }) => ({ id, event_type: type, payload: data })),
    before: page[0]?.id ?? null,
    after: page.at(-1)?.id ?? null,
    more: page.length < rest.length,
    gap: lost === 0 ? null : { reason: 'expired', requested: after ?? null, resumed_after: `${1_000 + trimmed}-${trimmed}`, lost }
  }
}

function runOf (events: readonly SourceEvent[]): Run {
  const statuses = events.filter(({ type, data }) => type === 'status_change' && typeof data === 'object' && data !== null && !('step' in data))
  const last = statuses.at(-1)?.data
  const status = typeof last === 'object' && last !== null && 'status' in last ? String(last.status) : null
  const terminal = status === 'failed' || status === 'succeeded'
  return {
    run_id: 'run',
    name: null,
    status,
    outcome: status === 'failed' || status === 'succeeded' ? status : null,
    terminal,
    last_heard_at: null,
    error: null,
    created_at: '1970-01-01T00:00:01.001Z',
    started_at: '1970-01-01T00:00:01.001Z',
    finished_at: terminal ? '1970-01-01T00:00:02.000Z' : null,
    updated_at: '1970-01-01T00:00:02.000Z',
    events: seqOf(events.at(-1)?.id ?? '0-0'),
    counts: { result_preview: events.filter(({ type }) => type === 'result_preview').length },
    steps: [],
    last_log: null,
    first_event_id: events[0]?.id ?? null,
    last_event_id: events.at(-1)?.id ?? '0-0',
    retry_of: null,
    workflow: null
  }
}
