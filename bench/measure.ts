import { setTimeout as delay } from 'node:timers/promises'
import type { Result } from './results.ts'
import type { Sample, Scenario } from './scenarios/scenario.ts'
import type { Bench, ServerKind } from './servers/server.ts'

/** A measurement in which something else had the server's CPU for more than this share of the time is repeated. */
export const MOST_DISTURBED = 0.05

/** The wait after a start, in milliseconds. */
const SETTLE_MS = 500

/** The thoroughness of the measurements. */
export interface Thoroughness {
  readonly rounds: number
  /** The most times that a disturbed measurement is repeated. */
  readonly repetitions: number
}

/**
 * Measures a scenario. In every round each server is measured once, one right after the other, so that compared
 * figures come from about the same time. A measurement that fails is left out and told.
 *
 * @param kinds the servers that may be measured
 * @param tell gets a line per measurement
 */
export async function measureScenario (bench: Bench, scenario: Scenario, kinds: readonly ServerKind[], { rounds, repetitions }: Thoroughness, tell: (line: string) => void): Promise<Result> {
  const taking = kinds.filter(({ name }) => name === scenario.subject || scenario.peers.includes(name))
  const samples = new Map<string, (Sample | null)[]>(taking.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const kind of taking) {
      samples.get(kind.name)?.push(await measureServer(bench, scenario, kind, repetitions, tell))
    }
  }
  return { scenario, rounds: samples }
}

async function measureServer (bench: Bench, scenario: Scenario, kind: ServerKind, repetitions: number, tell: (line: string) => void): Promise<Sample | null> {
  try {
    let best = await measureOnce(bench, scenario, kind)
    for (let repetition = 0; repetition < repetitions && best.disturbed > MOST_DISTURBED; repetition++) {
      const again = await measureOnce(bench, scenario, kind)
      if (again.disturbed < best.disturbed) best = again
    }
    const figures = scenario.figures.map(({ name, title }) => `${best.figures[name]?.toPrecision(4)} ${title}`)
    tell([scenario.name.padEnd(20), kind.name.padEnd(18), ...figures, `CPU ${percent(best.busy)}, lost ${percent(best.disturbed)}`, ...best.faults].join('  '))
    return best
  } catch (error) {
    tell([scenario.name.padEnd(20), kind.name.padEnd(18), error instanceof Error ? error.message : String(error)].join('  '))
    return null
  }
}

async function measureOnce (bench: Bench, scenario: Scenario, kind: ServerKind): Promise<Sample> {
  const server = await kind.start(bench, scenario.ingests)
  try {
    await delay(SETTLE_MS)
    return await scenario.measure(bench, server)
  } finally {
    await server.stop()
  }
}

function percent (share: number): string {
  return `${Math.round(share * 100)} %`
}
