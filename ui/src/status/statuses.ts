/** The meaning of a status to people. */
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

/** The kind of a status, in any case. An unknown one counts as running, null as waiting. */
export function kindOfStatus (status: string | null): StatusKind {
  if (status === null) return 'waiting'
  const name = status.toLowerCase()
  return (Object.hasOwn(KINDS, name) ? KINDS[name] : undefined) ?? 'running'
}

/** Tells whether a status is a failure. */
export function isFailure (status: string): boolean {
  return kindOfStatus(status) === 'failed'
}

/** Tells whether a status ends a run. A service may be set up otherwise: then the end of the stream tells. */
export function endsRun (status: string): boolean {
  return TERMINAL.has(status.toLowerCase())
}

/** Tells whether a step with this status is over. */
export function isOver (status: string): boolean {
  const kind = kindOfStatus(status)
  return kind !== 'waiting' && kind !== 'running'
}
