import { joinEventId, outcomeOf, seqOf, splitEventId, type EventId, type Outcome } from '@runcast/protocol'
import { corrupt, list, texts } from '../../redis/replies.ts'
import type { Lookup } from '../resume.ts'
import type { LogEvent, LogFacts, RunState, StepState } from '../run-log.ts'

/**
 * Reads an entry of the log from a reply of Redis.
 *
 * @throws StoreCorruptError when append.lua did not write the entry
 */
export function eventOf (entry: unknown): LogEvent {
  const [id, fields] = list(entry)
  const [, type, , data, , prevMs] = texts(fields)
  if (typeof id !== 'string' || type === undefined || data === undefined || prevMs === undefined) throw corrupt()
  return { id, prev: joinEventId(Number(prevMs), seqOf(id) - 1), type, data }
}

/**
 * Reads the reply of read.lua.
 *
 * @throws StoreCorruptError
 */
export function pageOf (reply: unknown): { facts: LogFacts, lookup: Lookup, events: LogEvent[] } {
  const [head, entries] = list(reply)
  const [now, exists, first, firstPrev, last, tenant, status, terminalId, counts, hasCursor, chosen, quietSince] = texts(head)
  if (now === undefined || first === undefined || firstPrev === undefined || last === undefined) throw corrupt()
  return {
    facts: {
      now: Number(now),
      exists: exists === '1',
      first: first === '' ? null : { id: first, prev: firstPrev },
      last,
      tenant: tenant ?? '',
      status: orNull(status),
      terminalId: orNull(terminalId),
      quietSince: Number(quietSince),
      counts: countsOf(counts)
    },
    lookup: { hasCursor: hasCursor === '1', chosen: orNull(chosen) },
    events: list(entries).map(eventOf)
  }
}

/**
 * Reads the reply of read-run.lua.
 *
 * @returns null when there is no such run
 * @throws StoreCorruptError
 */
export function runStateOf (runId: string, reply: unknown): RunState | null {
  const [last, first, hash] = list(reply)
  if (last === undefined) return null
  if (typeof last !== 'string' || typeof first !== 'string') throw corrupt()
  const state = mapOf(texts(hash))
  const text = (name: string) => orNull(state.get(name))
  const ms = (name: string) => state.has(name) ? Number(state.get(name)) : null
  const { ms: updatedAt, seq: events } = splitEventId(last)
  const heard = ms('heard')
  return {
    runId,
    tenant: state.get('tenant') ?? '',
    name: text('name'),
    status: text('status'),
    outcome: state.has('terminal') ? outcomeIn(state.get('outcome') ?? null, text('status')) : null,
    terminal: state.has('terminal'),
    lastHeardAt: heard === null ? null : Math.max(heard, updatedAt),
    error: text('error'),
    createdAt: ms('created') ?? updatedAt,
    startedAt: ms('started'),
    finishedAt: ms('finished'),
    updatedAt,
    events,
    counts: countsOf(state.get('counts')),
    steps: stepsOf(state),
    lastLog: text('log'),
    firstEventId: orNull(first),
    lastEventId: last,
    retryOf: text('retry_of'),
    workflow: text('workflow')
  }
}

/**
 * Reads the result of an append as append.lua remembers it: 'new' or 'old', then spans of ids `<ms>-<first seq>+<count>`.
 *
 * @throws StoreCorruptError
 */
export function appendResultOf (text: string): { ids: EventId[], duplicate: boolean } {
  const [word, ...spans] = text.split(' ')
  const ids: EventId[] = []
  for (const span of spans) {
    const [first, count] = span.split('+')
    if (first === undefined || count === undefined) throw corrupt()
    const { ms, seq } = splitEventId(first)
    for (let index = 0; index < Number(count); index++) ids.push(joinEventId(ms, seq + index))
  }
  return { ids, duplicate: word === 'old' }
}

function stepsOf (state: ReadonlyMap<string, string>): StepState[] {
  const steps: Array<{ order: number, state: StepState }> = []
  for (const [field, value] of state) {
    if (!field.startsWith('step:')) continue
    const [order, name, status, startedAt, updatedAt, finishedAt, outcome] = list(json(value))
    steps.push({
      order: Number(order),
      state: {
        step: field.slice('step:'.length),
        name: typeof name === 'string' ? name : null,
        status: String(status),
        outcome: outcome === null ? null : outcomeIn(outcome, String(status)),
        startedAt: Number(startedAt),
        updatedAt: Number(updatedAt),
        finishedAt: finishedAt === null ? null : Number(finishedAt)
      }
    })
  }
  return steps.sort((a, b) => a.order - b.order).map(({ state }) => state)
}

/** The outcome as it is stored. An end that is older than stored outcomes tells it by its status. */
function outcomeIn (stored: unknown, status: string | null): Outcome | null {
  return outcomeOf(typeof stored === 'string' ? stored : status ?? '')
}

function countsOf (text: string | undefined): Record<string, number> | null {
  if (text === undefined || text === '') return null
  const counts = json(text)
  if (typeof counts !== 'object' || counts === null) throw corrupt()
  return Object.fromEntries(Object.entries(counts).map(([type, count]) => [type, Number(count)]))
}

function json (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw corrupt(error)
  }
}

function mapOf (pairs: readonly string[]): Map<string, string> {
  const map = new Map<string, string>()
  for (let index = 0; index < pairs.length; index += 2) map.set(pairs[index] ?? '', pairs[index + 1] ?? '')
  return map
}

function orNull (text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}
