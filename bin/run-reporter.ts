import { createPublisher, type NewEvent, type ServiceOptions, type StatusChange } from '@runcast/client'
import type { OutputLine } from '@runcast/client/lines'
import { explain } from './connection.ts'
import type { OutputName } from './command-outputs.ts'
import { createForwardClock } from './forward-clock.ts'
import { say } from './terminal.ts'

/** Reports a command as a run. It never fails: it tells of faults on stderr, and the command goes on. */
export interface RunReporter {
  status (status: string, extra?: Omit<StatusChange, 'status'>): void
  /** Publishes lines of output, each as a `log` event; a line that begins with RESULT_PREFIX as a `result_preview`. */
  lines (output: OutputName, lines: readonly OutputLine[]): void
  /** True if the service is there but slower than the command, which should then wait for `ready`. */
  readonly behind: boolean
  /** Resolves when more output can be taken, or the service is away, for which the command does not wait. */
  ready (): Promise<void>
  /**
   * Delivers the rest, and tells of events that could not be delivered.
   *
   * @param timeoutMs the time for which it tries; of several calls the shortest time counts
   */
  finish (timeoutMs: number): Promise<void>
}

/** The beginning of a line of output that is a result of the run; JSON follows. */
export const RESULT_PREFIX = '::result::'

const TRYING = 'Trying for a few seconds more to deliver the rest of the run.'
const BATCH_EVENTS = 500
const REQUEST_TIMEOUT_MS = 5_000
const MAX_RETRY_DELAY_MS = 2_000

const now = createForwardClock()

/** Makes a reporter for a command that no service watches. */
export function createSilentReporter (): RunReporter {
  return { status () {}, lines () {}, behind: false, async ready () {}, async finish () {} }
}

/**
 * Makes the reporter of one run.
 *
 * @param buffer the output that is kept while the service is away; lines beyond it are left out, and counted in the log
 */
export function createRunReporter (service: ServiceOptions, runId: string, buffer = { events: 50_000, bytes: 33_554_432 }): RunReporter {
  const waiting = new Set<() => void>()
  const refused = new Set<string>()
  let away = false
  let isFinishing = false
  let leftOut = 0
  let undelivered = 0

  const publisher = createPublisher({
    ...service,
    buffer,
    batchMaxEvents: BATCH_EVENTS,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    maxRetryDelayMs: MAX_RETRY_DELAY_MS,
    onRetry ({ error }) {
      if (!away) say(`${error.message} ${isFinishing ? TRYING : 'The command goes on; its output is kept until the service is back.'}`)
      away = true
      for (const resume of waiting) resume()
    },
    onRecovered () {
      away = false
      say('The service is back.')
    },
    onError (error, _runId, events) {
      undelivered += events
      if (error.code !== 'closed' && !refused.has(error.code)) say(`${explain(error)} The command goes on, but the run does not show all of it.`)
      refused.add(error.code)
    }
  })
  const run = publisher.run(runId)

  function tellLeftOut (): void {
    if (leftOut === 0) return
    const message = `${leftOut} ${leftOut === 1 ? 'line was' : 'lines were'} left out here: the service was away for longer than the output could be kept.`
    run.log({ level: 'warning', message, left_out: leftOut, time: now() })
    say(message)
    leftOut = 0
  }

  return {
    status (status, extra) {
      run.status(status, { ...extra, time: now() })
    },
    lines (output, lines) {
      if (away && publisher.full) {
        leftOut += lines.length
      } else {
        tellLeftOut()
        for (const events of publishedTogether(lines.map((line) => eventOf(output, line)))) run.publish(events)
      }
    },
    get behind () {
      return publisher.full && !away
    },
    ready: () => new Promise((resolve) => {
      const resume = () => {
        waiting.delete(resume)
        resolve()
      }
      waiting.add(resume)
      publisher.ready().then(resume)
    }),
    async finish (timeoutMs) {
      tellLeftOut()
      if (away && !isFinishing) say(TRYING)
      isFinishing = true
      await publisher.close({ timeoutMs })
      if (undelivered > 0) say(`${undelivered} ${undelivered === 1 ? 'event' : 'events'} of the run could not be delivered.`)
      undelivered = 0
    }
  }
}

/** Groups events that are published together. Plain lines go together, which is cheaper. A result goes alone, since the service refuses all events of a request or none. */
function publishedTogether (events: readonly NewEvent[]): NewEvent[][] {
  const groups: NewEvent[][] = []
  for (const event of events) {
    const last = groups.at(-1)
    if (last !== undefined && last[0]?.event_type === 'log' && event.event_type === 'log') last.push(event)
    else groups.push([event])
  }
  return groups
}

function eventOf (output: OutputName, { text, cut, continues = false }: OutputLine): NewEvent {
  const time = now()
  const stream = output === null ? {} : { stream: output }
  const result = cut || continues ? null : resultIn(text)
  if (result === null) return { event_type: 'log', payload: { level: 'info', message: text, ...stream, time, ...(cut && { cut }), ...(continues && { continues }) } }
  const others = JSON.stringify({ media_type: 'application/json', ...stream, time }).slice(1)
  return { event_type: 'result_preview', payload_json: `{"content":${result},${others}` }
}

/** Finds the JSON text of a result, unparsed, since parsing rounds long numbers; null in an ordinary line. */
function resultIn (text: string): string | null {
  if (!text.startsWith(RESULT_PREFIX)) return null
  const json = text.slice(RESULT_PREFIX.length)
  try {
    JSON.parse(json)
    return json
  } catch {
    return null
  }
}
