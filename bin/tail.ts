import { follow, type FollowOptions, type ServiceOptions } from '@runcast/client'
import { fieldOf, outcomeOf, runPath } from '@runcast/protocol'
import { callService, findService } from './connection.ts'
import { createItemPrinter } from './item-printer.ts'
import { readArguments, SERVICE_OPTIONS, UsageError } from './terminal.ts'

/** The number of tries after which a gateway that has never let the service answer ends the command. */
const MOST_TRIES = 10

/**
 * `runcast tail`: prints the events of a run until it is over.
 *
 * @returns 0 for a run that succeeded, 1 for one that failed, 2 for any other; 130 after Ctrl-C, 143 after SIGTERM
 * @throws UsageError, RuncastError
 */
export async function tail (args: string[]): Promise<number> {
  const { runId, from, given } = readTailArguments(args)
  const service = await findService(given)
  const stopping = new AbortController()
  let stopCode: number | null = null
  const stop = (code: number) => {
    stopCode ??= code
    stopping.abort()
  }
  process.once('SIGINT', () => stop(130))
  process.once('SIGTERM', () => stop(143))
  process.stdout.on('error', () => stop(2))
  const status = await printRun({ ...service, runId, from, signal: stopping.signal })
  return stopCode ?? exitCode(await outcomeOfRun(service, runId, status))
}

function readTailArguments (args: string[]) {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: { ...SERVICE_OPTIONS, from: { type: 'string' }, tail: { type: 'string' } }
  })
  const [runId, ...more] = positionals
  if (runId === undefined || more.length > 0) throw new UsageError('tail needs one run: runcast tail <run_id>')
  return { runId, from: readFrom(values.from, values.tail), given: values }
}

function readFrom (from: string | undefined, tail: string | undefined): NonNullable<FollowOptions['from']> {
  if (from !== undefined && tail !== undefined) throw new UsageError('--from and --tail exclude each other')
  if (tail !== undefined) {
    if (!/^\d{1,9}$/.test(tail)) throw new UsageError('--tail needs a number of events')
    return { tail: Number(tail) }
  }
  if (from !== undefined && from !== 'first' && from !== 'now') throw new UsageError('--from is "first" or "now"')
  return from ?? 'first'
}

/** @returns the status that ended the run; null when the stream had nothing more to send */
async function printRun (options: FollowOptions): Promise<string | null> {
  const print = createItemPrinter(options.url, hasColours())
  let hasWorked = false
  for await (const item of follow(options)) {
    if (item.kind !== 'reconnecting') hasWorked = true
    else if (!hasWorked && item.attempt >= MOST_TRIES && item.error?.code === 'unexpected_answer') throw item.error
    print(item)
    if (item.kind === 'stream_end') return item.data.status
  }
  return null
}

function hasColours (): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: unwanted } = process.env
  if (unwanted !== undefined && unwanted !== '') return false
  return forced === undefined ? process.stdout.isTTY : forced !== '0'
}

/** Asks for the outcome of a finished run, which the service decides. A known word tells it where the service can't any more. */
async function outcomeOfRun (service: ServiceOptions, runId: string, status: string | null): Promise<string | null> {
  try {
    const outcome = fieldOf(await callService(service, 'GET', `/api/v1/${runPath(runId)}`), 'outcome')
    return outcome === undefined ? outcomeOf(status ?? '') : String(outcome)
  } catch (error) {
    if (status === null) throw error
    return outcomeOf(status)
  }
}

function exitCode (outcome: string | null): number {
  if (outcome === 'succeeded') return 0
  return outcome === 'failed' ? 1 : 2
}
