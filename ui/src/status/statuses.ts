/** What a status means to somebody who looks at it. */
export type StatusKind = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled'

const KINDS: Readonly<Record<string, StatusKind>> = {
  queued: 'waiting',
  pending: 'waiting',
  scheduled: 'waiting',
  created: 'waiting',
  waiting: 'waiting',
  succeeded: 'succeeded',
  success: 'succeeded',
  completed: 'succeeded',
  passed: 'succeeded',
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  errored: 'failed',
  timed_out: 'failed',
  crashed: 'failed',
  cancelled: 'cancelled',
  canceled: 'cancelled',
  skipped: 'cancelled',
  aborted: 'cancelled'
}

const TERMINAL: ReadonlySet<string> = new Set(['succeeded', 'completed', 'failed', 'cancelled', 'canceled', 'timed_out'])

/** What a status means, in any case; one that is not known counts as running, null as waiting. */
export function kindOfStatus (status: string | null): StatusKind {
  if (status === null) return 'waiting'
  const name = status.toLowerCase()
  return (Object.hasOwn(KINDS, name) ? KINDS[name] : undefined) ?? 'running'
}

/** Whether a status tells of a failure. */
export function isFailure (status: string): boolean {
  return kindOfStatus(status) === 'failed'
}

/** Whether a status ends a run, unless the service is set up otherwise: then the end of the stream tells. */
export function endsRun (status: string): boolean {
  return TERMINAL.has(status.toLowerCase())
}

/** Whether a step with this status goes on no more. */
export function isOver (status: string): boolean {
  const kind = kindOfStatus(status)
  return kind !== 'waiting' && kind !== 'running'
}
