import { msOf, ORIGIN, seqOf, type EventId } from '@runcast/protocol'
import type { Allowances, Evidence, Known, LogCopy, Reading, SeenGap } from './evidence.ts'

/**
 * Compares the acknowledged events, the log and the events that every reader saw. Order must be kept, no event may
 * come twice, a gap with the right count must cover each missing event, and no id may ever name two events.
 *
 * @returns one sentence per violation; none when the guarantee held
 */
export function check (evidence: Evidence, allowances: Allowances = {}): string[] {
  return [
    ...checkNames(evidence),
    ...checkLog(evidence.log),
    ...checkAcknowledged(evidence, allowances),
    ...evidence.readings.flatMap((reading) => checkReading(reading, evidence))
  ]
}

/** No id may name two events, void ones included. */
function checkNames ({ acknowledged, log, readings }: Evidence): string[] {
  const names = new Map<EventId, string>()
  const faults: string[] = []
  const look = (who: string, { id, name }: Known) => {
    const known = names.get(id) ?? name
    names.set(id, known)
    if (known !== name) faults.push(`${who}: ${id} names both ${known} and ${name}`)
  }
  for (const event of acknowledged) look('acknowledged', event)
  for (const event of log.events) look('log', event)
  for (const { reader, seen } of readings) for (const step of seen) if (step.kind === 'event') look(reader, step)
  return faults
}

/** The log is one chain without a hole, has every event once, and each publisher's events in their order. */
function checkLog ({ events, start, last }: LogCopy): string[] {
  const faults: string[] = []
  const newest = new Map<string, number>()
  let before = start
  for (const { id, name } of events) {
    if (!follows(before, id)) faults.push(`log: ${id} comes after ${before}`)
    const [publisher = '', number] = name.split('/')
    const earlier = newest.get(publisher) ?? 0
    if (Number(number) <= earlier) faults.push(`log: ${name} comes after ${publisher}/${earlier}`)
    newest.set(publisher, Number(number))
    before = id
  }
  if (before !== last) faults.push(`log: it ends with ${before}, but the newest id is ${last}`)
  return faults
}

function checkAcknowledged ({ acknowledged, log }: Evidence, { redisMayLose = false }: Allowances): string[] {
  if (redisMayLose) return []
  const kept = namesOf(log)
  return acknowledged
    .filter(({ id, name }) => seqOf(id) > seqOf(log.start) ? kept.get(id) !== name : msOf(id) > msOf(log.start))
    .map(({ id, name }) => `acknowledged: ${id} ${name} is not in the log`)
}

/** The events and the cursor that a reader has left once the events that gaps declared void are taken away. */
interface Standing {
  held: Known[]
  cursor: EventId
  /** True when this connection has a cursor that a gap's `requested` could name. */
  hasCursor: boolean
}

function checkReading ({ reader, seen }: Reading, { acknowledged, log }: Evidence): string[] {
  const faults: string[] = []
  const standing: Standing = { held: [], cursor: ORIGIN, hasCursor: false }
  for (const step of seen) {
    switch (step.kind) {
      case 'connect':
        standing.hasCursor = step.cursor !== null
        if (standing.hasCursor && step.cursor !== standing.cursor) faults.push(`asked with ${step.cursor}, but has ${standing.cursor}`)
        break
      case 'open':
        if (standing.hasCursor && step.position !== standing.cursor) faults.push(`opened at ${step.position}, but has ${standing.cursor}`)
        break
      case 'event':
        if (!follows(standing.cursor, step.id)) faults.push(`${step.id} ${step.name} came after ${standing.cursor}`)
        standing.held.push({ id: step.id, name: step.name })
        standing.cursor = step.id
        standing.hasCursor = true
        break
      case 'gap':
        faults.push(...checkGap(step, standing, log))
        takeGap(step, standing)
        break
      case 'end':
        if (step.lastEventId !== standing.cursor) faults.push(`was told of the end at ${step.lastEventId}, but has ${standing.cursor}`)
    }
  }
  const known = namesOf({ events: acknowledged })
  const kept = namesOf(log)
  for (const { id, name } of standing.held) {
    const truth = kept.get(id) ?? (isTrimmed(id, log) ? known.get(id) ?? name : undefined)
    if (truth !== name) faults.push(`holds ${id} ${name}, which is not of the log, and was not told`)
  }
  if (standing.cursor !== log.last) faults.push(`stands at ${standing.cursor}, but the log at ${log.last}`)
  return faults.map((fault) => `${reader}: ${fault}`)
}

function checkGap ({ reason, requested, resumedAfter, lost }: SeenGap, { cursor, hasCursor }: Standing, log: LogCopy): string[] {
  const faults: string[] = []
  const isNamed = hasCursor ? requested === cursor : requested === null || requested === ORIGIN
  if (!isNamed) faults.push(`a gap names ${requested} as what was asked for, not ${hasCursor ? cursor : null}`)
  if (reason !== 'expired' && lost !== null) faults.push(`a gap of reason ${reason} counts ${lost}`)
  if (reason !== 'expired') return faults
  const missing = seqOf(resumedAfter) - seqOf(cursor)
  if (lost !== missing) faults.push(`a gap counts ${lost} from ${cursor} to ${resumedAfter}, where ${missing} are missing`)
  const kept = log.events.filter(({ id }) => seqOf(id) > seqOf(cursor) && seqOf(id) <= seqOf(resumedAfter)).length
  if (kept > 0) faults.push(`a gap from ${cursor} to ${resumedAfter} covers ${kept} events that the log still has`)
  return faults
}

/** Drops the reader's events after `resumedAfter`; all of a forked history's, unless the reader holds that very id. */
function takeGap ({ reason, resumedAfter }: SeenGap, standing: Standing): void {
  if (reason !== 'expired') standing.held.length = standing.held.findIndex(({ id }) => id === resumedAfter) + 1
  standing.cursor = resumedAfter
  standing.hasCursor = true
}

/** Tells if an id may be the successor of another. */
function follows (before: EventId, id: EventId): boolean {
  return seqOf(id) === seqOf(before) + 1 && msOf(id) >= msOf(before)
}

function isTrimmed (id: EventId, { start }: LogCopy): boolean {
  return seqOf(id) <= seqOf(start) && msOf(id) <= msOf(start)
}

function namesOf ({ events }: { readonly events: readonly Known[] }): Map<EventId, string> {
  return new Map(events.map(({ id, name }) => [id, name]))
}
