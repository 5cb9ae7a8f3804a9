import { msOf, outcomeOf, statusKindOf, type Outcome, type StatusKind } from '@runcast/protocol'
import { stepField, textField } from '../../json/fields.ts'
import type { SourceEvent } from './log-rows.ts'

/** A step of a run. Times in milliseconds since 1970. */
export interface Step {
  /** The name in its events; `/` or `.` separates the parts of a path. */
  readonly step: string
  readonly name: string | null
  readonly status: string
  /** Null unless that status ended it. */
  readonly outcome: Outcome | null
  readonly startedAt: number
  readonly finishedAt: number | null
}

/** A line of the time line: a step, or the path that several steps share. */
export interface StepLine {
  /** The step, or the beginning that its steps share. */
  readonly path: string
  readonly label: string
  /** The depth of nesting; 0 at the top. */
  readonly depth: number
  readonly kind: StatusKind
  readonly status: string
  readonly startedAt: number
  /** null while it runs. */
  readonly finishedAt: number | null
}

// The most steps that the service keeps of a run.
const MAX_STEPS = 1_000

/**
 * Brings an event into the steps. The first start stays, everything else is last wins.
 *
 * @returns the same steps when the event is about no step
 */
export function foldStep (steps: readonly Step[], event: SourceEvent): readonly Step[] {
  if (event.type !== 'status_change') return steps
  const [step, status] = [stepField(event.data), textField(event.data, 'status')]
  if (step === null || status === null) return steps
  const ms = msOf(event.id)
  const index = steps.findIndex((known) => known.step === step)
  if (index === -1 && steps.length >= MAX_STEPS) return steps
  const before = steps[index]
  const outcome = outcomeOf(status)
  const after: Step = {
    step,
    name: textField(event.data, 'name') ?? before?.name ?? null,
    status: status.toLowerCase(),
    outcome,
    startedAt: before?.startedAt ?? ms,
    finishedAt: outcome === null ? null : ms
  }
  return before === undefined ? [...steps, after] : steps.with(index, after)
}

/**
 * The steps as the lines of a time line, each below its parent. A path that steps share gets a line of its own when it
 * is a step itself or when several steps share it.
 */
export function stepLines (steps: readonly Step[]): StepLine[] {
  const known = new Map(steps.map((step) => [step.step, step]))
  const below = childPaths(linePaths(steps, known))
  const linesBelow = (parent: string, depth: number): StepLine[] => (below.get(parent) ?? []).flatMap((path) => {
    const lines = linesBelow(path, depth + 1)
    const step = known.get(path)
    const span = step ?? spanOf(lines.filter((line) => line.depth === depth + 1))
    const label = step?.name ?? (parent === '' ? path : path.slice(parent.length + 1))
    return [{ path, label, depth, kind: statusKindOf(span.status, span.outcome), status: span.status, startedAt: span.startedAt, finishedAt: span.finishedAt }, ...lines]
  })
  return linesBelow('', 0)
}

/** The paths that get a line, in the order in which they first occur, parents before their children. */
function linePaths (steps: readonly Step[], known: ReadonlyMap<string, Step>): Set<string> {
  const uses = new Map<string, number>()
  for (const { step } of steps) {
    for (const path of beginnings(step)) uses.set(path, (uses.get(path) ?? 0) + 1)
  }
  // A path that JSON Pointers share is a place in a definition, not a step.
  const getsLine = (path: string) => known.has(path) || (!path.startsWith('/') && (uses.get(path) ?? 0) > 1)
  return new Set(steps.flatMap(({ step }) => [...beginnings(step).filter(getsLine), step]))
}

/** The paths below each path; those at the top below ''. */
function childPaths (paths: ReadonlySet<string>): Map<string, string[]> {
  const below = new Map<string, string[]>()
  for (const path of paths) {
    const parent = beginnings(path).findLast((beginning) => paths.has(beginning)) ?? ''
    below.set(parent, [...(below.get(parent) ?? []), path])
  }
  return below
}

/** `a/b/c` begins with `a` and `a/b`. */
function beginnings (path: string): string[] {
  return [...path.matchAll(/[/.]/g)].map(({ index }) => path.slice(0, index)).filter((beginning) => beginning !== '')
}

/** The status and the times of steps together. */
function spanOf (lines: readonly StepLine[]): Pick<Step, 'status' | 'outcome' | 'startedAt' | 'finishedAt'> {
  const status = statusOf(lines)
  return {
    status,
    outcome: outcomeOf(status),
    startedAt: Math.min(...lines.map((line) => line.startedAt)),
    finishedAt: lines.some((line) => line.finishedAt === null) ? null : Math.max(...lines.map((line) => line.finishedAt ?? 0))
  }
}

function statusOf (lines: readonly StepLine[]): string {
  const has = (kind: StatusKind) => lines.some((line) => line.kind === kind)
  if (has('running') || has('other')) return 'running'
  if (has('failed')) return 'failed'
  return lines.every((line) => line.kind === 'waiting') ? 'waiting' : has('waiting') ? 'running' : has('succeeded') ? 'succeeded' : 'cancelled'
}
