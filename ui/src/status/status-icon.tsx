import { CheckCircleFillIcon, ClockIcon, DotFillIcon, SkipIcon, SyncIcon, XCircleFillIcon } from '@primer/octicons-react'
import { kindOfStatus, type StatusKind } from '../run/model/statuses.ts'
import classes from './status.module.css'

const ICONS = {
  waiting: ClockIcon,
  running: SyncIcon,
  succeeded: CheckCircleFillIcon,
  failed: XCircleFillIcon,
  cancelled: SkipIcon
}

/** What the status of a run means: one that the service calls terminal is over, whatever its name. */
export function kindOfRun (status: string | null, terminal: boolean): StatusKind | 'other' {
  const kind = kindOfStatus(status)
  if (terminal && (kind === 'running' || kind === 'waiting')) return 'other'
  return kind
}

/**
 * The icon and colour of a kind of status; its name belongs beside it, since a colour alone says nothing.
 *
 * @param moving whether a running one moves: it must not when what is shown may be old
 */
export function StatusIcon ({ kind, moving = false, size = 16 }: { kind: StatusKind | 'other', moving?: boolean, size?: number }) {
  const Icon = kind === 'other' ? DotFillIcon : ICONS[kind]
  return (
    <span className={classes['icon']} data-kind={kind} data-moving={moving && kind === 'running'} aria-hidden>
      <Icon size={size} />
    </span>
  )
}

const WORDS = /[_\s]+/g

/** A status as people read it: `timed_out` is `Timed out`. */
export function statusLabel (status: string | null): string {
  if (status === null) return 'No status'
  const words = status.replace(WORDS, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The status of a run: icon, name and colour. */
export function StatusBadge ({ status, terminal, moving = false }: { status: string | null, terminal: boolean, moving?: boolean }) {
  const kind = kindOfRun(status, terminal)
  const label = statusLabel(status)
  return (
    <span className={classes['badge']} data-kind={kind} title={label}>
      <StatusIcon kind={kind} moving={moving} />
      <span className={classes['label']}>{label}</span>
    </span>
  )
}
