import { PageStreams } from './page-streams.ts'
import { browserTab } from './sharing/tab.ts'

let streams: PageStreams | null = null

/** Gives the streams of this page. They are made at the first call; a server never calls this. */
export function pageStreams (): PageStreams {
  streams ??= new PageStreams(browserTab())
  return streams
}
