import { Button, CloseButton, CopyButton } from '@mantine/core'
import { formatFull } from '../../format/time.ts'
import type { LogRow } from '../model/log-rows.ts'
import classes from './line-bar.module.css'

export interface LineBarProps {
  /** The rows of the marked event. */
  readonly rows: readonly LogRow[]
  readonly onClose: () => void
}

/** Copies the marked line or its link. */
export function LineBar ({ rows, onClose }: LineBarProps) {
  const [first] = rows
  if (first === undefined) return null
  return (
    <section className={classes['bar']} aria-label='Marked line'>
      <span className={classes['facts']}>
        {formatFull(first.at)} · {first.level}{first.step !== null && ` · ${first.step}`}{first.kind === 'line' && first.stream !== null && ` · ${first.stream}`}
      </span>
      <CopyButton value={rows.map((row) => row.text).join('\n')}>
        {({ copied, copy }) => <Button size='compact-xs' variant='default' onClick={copy}>{copied ? 'Copied' : 'Copy line'}</Button>}
      </CopyButton>
      <CopyButton value={`${window.location.origin}${window.location.pathname}#line=${first.id}`}>
        {({ copied, copy }) => <Button size='compact-xs' variant='default' onClick={copy}>{copied ? 'Copied' : 'Copy link'}</Button>}
      </CopyButton>
      <CloseButton size='sm' aria-label='Unmark the line' onClick={onClose} />
    </section>
  )
}
