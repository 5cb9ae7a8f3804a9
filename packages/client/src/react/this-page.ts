import { PageStreams } from './page-streams.ts'
import { browserTab } from './sharing/tab.ts'

let streams: PageStreams | null = null

/** Everything that this page follows. Made when it is first needed, which on a server is never. */
export function pageStreams (): PageStreams {
  streams ??= new PageStreams(browserTab())
  return streams
}
