import { Button, Loader } from '@mantine/core'
import { formatNumberOf } from '../../format/count.ts'
import type { ReaderState } from '../model/log-reader.ts'

export interface LogHeadProps {
  readonly reader: ReaderState
  readonly isEmpty: boolean
  /** Tells whether no more lines can be held with this filter. */
  readonly isFull: boolean
  readonly onRetry: () => void
}

/** Says above the first row whether earlier lines exist. */
export function LogHead ({ reader, isEmpty, isFull, onRetry }: LogHeadProps) {
  if (reader.problem !== null) {
    return <><span>The log could not be read: {reader.problem}</span><Button size='compact-xs' variant='default' onClick={onRetry}>Try again</Button></>
  }
  if (reader.earlier === 'loading') return <><Loader size={14} /><span>Reading earlier lines …</span></>
  if (reader.earlier === 'more' && isFull) return <span>No more lines fit in with this filter: take it off to read earlier ones.</span>
  if (reader.earlier === 'more') return <span>Earlier lines follow as you scroll up.</span>
  if (reader.trimmed > 0) return <span>{formatNumberOf(reader.trimmed, 'earlier event')} no longer kept</span>
  return isEmpty ? null : <span>Beginning of the log</span>
}
