import type { Figure, Sample, Scenario, Target } from './scenarios/scenario.ts'

/** The samples of one scenario, by server and round; null where a measurement failed. */
export type Rounds = ReadonlyMap<string, readonly (Sample | null)[]>

/** A scenario and its samples. */
export interface Result {
  readonly scenario: Scenario
  readonly rounds: Rounds
}

/** The judgement of a figure by one target. */
export interface Verdict {
  readonly target: Target
  /** The figure, or its multiple of the other server's; null when there is nothing to compare. */
  readonly value: number | null
  readonly holds: boolean
}

/** The middle of some numbers, the mean of the middle two of an even number; null of none. */
export function median (numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  return upper === undefined || lower === undefined ? null : (upper + lower) / 2
}

/** The median of a server's figure over the rounds; null when it was not measured. */
export function medianOf (rounds: Rounds, server: string, figure: Figure): number | null {
  return median((rounds.get(server) ?? []).flatMap((sample) => sample?.figures[figure.name] ?? []))
}

/**
 * Divides the subject's figure by another server's. Gives the median of the ratios of the rounds, since the
 * measurements of one round are close in time; null when there is none.
 */
export function ratioOf ({ scenario, rounds }: Result, server: string, figure: Figure): number | null {
  const others = rounds.get(server) ?? []
  return median((rounds.get(scenario.subject) ?? []).flatMap((sample, round) => {
    const [own, other] = [sample?.figures[figure.name], others[round]?.figures[figure.name]]
    return own === undefined || other === undefined || other === 0 ? [] : own / other
  }))
}

/** Judges a figure of the subject by its targets. */
export function verdictsOn (result: Result, figure: Figure): Verdict[] {
  return figure.targets.map((target) => {
    const { against, least = -Infinity, most = Infinity } = target
    const value = against === null ? medianOf(result.rounds, result.scenario.subject, figure) : ratioOf(result, against, figure)
    return { target, value, holds: value !== null && value >= least && value <= most }
  })
}

/** Lists the faults in measurements of a scenario, one sentence each. */
export function faultsIn ({ scenario, rounds }: Result): string[] {
  return [...rounds].flatMap(([server, samples]) => samples.flatMap((sample, round) => {
    const faults = sample === null ? ['not measured'] : sample.faults
    return faults.length === 0 ? [] : `${scenario.name}, ${server}, round ${round + 1}: ${faults.join(', ')}.`
  }))
}
