import { CheckCircleFillIcon, ClockIcon, DotFillIcon, SkipIcon, XCircleFillIcon } from '@primer/octicons-react'
import type { StatusKind } from '@runcast/protocol'
import { kindOfRun, type ShownStatus } from './status-kind.ts'
import classes from './status.module.css'

const ICONS = {
  waiting: ClockIcon,
  running: RunningIcon,
  succeeded: CheckCircleFillIcon,
  failed: XCircleFillIcon,
  cancelled: SkipIcon,
  other: DotFillIcon
}

/** Part of a ring, so that its turning can be seen. */
function RunningIcon ({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox='0 0 16 16' fill='none' stroke='currentColor' strokeWidth='2.25'>
      <circle cx='8' cy='8' r='6' opacity='0.3' />
      <path d='M8 2a6 6 0 0 1 6 6' strokeLinecap='round' />
    </svg>
  )
}

/**
 * The icon and colour of a kind of status. The name belongs beside it, since colour alone is not enough.
 *
 * @param moving lets a running icon move; false while the page may be old
 */
export function StatusIcon ({ kind, moving = false, size = 16 }: { kind: StatusKind, moving?: boolean, size?: number }) {
  const Icon = ICONS[kind]
  return (
    <span className={classes['icon']} data-kind={kind} data-moving={moving && kind === 'running'} aria-hidden>
      <Icon size={size} />
    </span>
  )
}

const WORDS = /[_\s]+/g

/** A status for people: `timed_out` becomes `Timed out`. */
export function statusLabel (status: string | null): string {
  if (status === null) return 'No status'
  const words = status.replace(WORDS, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The status of a run: icon, name and colour. */
export function StatusBadge ({ run, moving = false }: { run: ShownStatus, moving?: boolean }) {
  const kind = kindOfRun(run)
  const label = statusLabel(run.status)
  return (
    <span className={classes['badge']} data-kind={kind} title={label}>
      <StatusIcon kind={kind} moving={moving} />
      <span className={classes['label']}>{label}</span>
    </span>
  )
}
