import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { OTHER_CPU, pinned } from './processes.ts'
import type { Bench, RunningServer } from './servers/server.ts'

/** The streams to open. */
export interface Streams {
  readonly streams: number
  readonly runs: number
  /** The most that may be opening at once; 64 if not given. */
  readonly atOnce?: number
  /** Replaces the server's own path. */
  readonly path?: string
}

/** The events to publish. A window limits the events outstanding; a rate sets the events per second. */
export interface Publishing {
  readonly events: number
  readonly window?: number
  readonly rate?: number
  /** Events per request, over HTTP to Runcast only. */
  readonly batch?: number
}

/** The events that every stream must get from its cursor on. */
export interface History {
  /** One Last-Event-ID per run. */
  readonly cursors: readonly string[]
  /** The `seq` of the first event after it. */
  readonly first: number
  readonly events: number
}

/** The result of opening the streams. */
export interface Opened {
  readonly open: number
  readonly failed: number
  readonly seconds: number
}

/** The events that the streams got, and how late. */
export interface Received {
  readonly published: number
  /** Publications that were not answered with success. */
  readonly refused: number
  readonly expected: number
  readonly received: number
  /** Events that a later one overtook. */
  readonly skipped: number
  /** Events that came twice or too late. */
  readonly repeated: number
  /** Streams that ended too early. */
  readonly ended: number
  /** The time from the first publication, or the first request, to the last event. */
  readonly seconds: number
  readonly p50_us: number
  readonly p99_us: number
  /** Counts only the slowest delivery of every event. */
  readonly slowest_p99_us: number
}

/** Open streams. */
export interface Load {
  readonly opened: Opened
  /** Publishes, or awaits the history; resolves when everything has come or nothing more will. */
  finish (): Promise<Received>
  /** Closes the streams. */
  close (): Promise<void>
}

/** The longest that one measurement takes, in seconds. */
const MOST_SECONDS = 30

/** Opens streams and waits until their heads are there. */
export async function openLoad (bench: Bench, server: RunningServer, { streams, runs, atOnce = 64, path = server.path }: Streams, work: Publishing | History | null): Promise<Load> {
  const options: Record<string, string | number> = {
    port: server.port, path, streams, runs, 'at-once': atOnce, seconds: MOST_SECONDS, ...(work === null ? {} : workOptions(server, work))
  }
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`)
  const [program = '', ...rest] = pinned(OTHER_CPU, [bench.native.load, ...args, ...server.headers.map((header) => `--header=${header}`)])
  const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const opened = await nextLine<Opened>(lines, 'READY')
  return {
    opened,
    async finish () {
      child.stdin.end('go\n')
      const received = await nextLine<Received>(lines, 'RESULT')
      await gone
      return received
    },
    async close () {
      child.stdin.end()
      await gone
    }
  }
}

/** The faults of the streams, one text each; empty when every event came once and in order. */
export function faultsOf ({ opened }: Pick<Load, 'opened'>, received: Received | null): string[] {
  const faults = {
    'streams not opened': opened.failed,
    'events missing': received === null ? 0 : received.expected - received.received + received.repeated,
    'events overtaken': received?.skipped ?? 0,
    'events repeated or late': received?.repeated ?? 0,
    'streams ended': received?.ended ?? 0,
    'publications refused': received?.refused ?? 0
  }
  return Object.entries(faults).filter(([, count]) => count !== 0).map(([what, count]) => `${count} ${what}`)
}

function workOptions ({ publish }: RunningServer, work: Publishing | History): Record<string, string | number> {
  if ('cursors' in work) return { cursors: work.cursors.join(','), first: work.first, history: work.events }
  const { events, window = 0, rate = 0, batch = 1 } = work
  return { publish: publish.how, 'publish-port': publish.port, target: publish.target, events, window, rate, batch }
}

async function nextLine<Told> (lines: AsyncIterator<string>, word: string): Promise<Told> {
  const { value, done } = await lines.next()
  if (done === true || !value.startsWith(word)) throw new Error(`the load client ended: ${String(value)}`)
  const told: Told = JSON.parse(value.slice(word.length))
  return told
}
