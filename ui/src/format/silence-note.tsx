import { silenceText } from './silence.ts'
import { useNow } from './use-now.ts'

/**
 * Says for how long nothing was heard of a publisher.
 *
 * @param heardAt in milliseconds since 1970; null if its silence means nothing
 * @param stoppedAt the time at which the clock stands still; null while it runs
 */
export function SilenceNote ({ heardAt, stoppedAt }: { heardAt: number | null, stoppedAt: number | null }) {
  return heardAt === null ? null : <TickingSilence heardAt={heardAt} stoppedAt={stoppedAt} />
}

function TickingSilence ({ heardAt, stoppedAt }: { heardAt: number, stoppedAt: number | null }) {
  const text = silenceText(useNow(stoppedAt) - heardAt)
  return text === null ? null : <span data-silent title='Nothing was heard of the publisher of this run, neither events nor signs of life.'>{text}</span>
}
