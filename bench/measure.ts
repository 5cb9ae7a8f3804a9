import { setTimeout as delay } from 'node:timers/promises'
import type { Result } from './results.ts'
import type { Sample, Scenario } from './scenarios/scenario.ts'
import type { Bench, ServerKind } from './servers/server.ts'

/** A measurement during which more of the CPU time than this was someone else's is repeated. */
export const MOST_FOREIGN = 0.12

/** How often at the most. */
const REPETITIONS = 2

/** After a start, in milliseconds. */
const SETTLE_MS = 500

/**
 * Measures a scenario: in every round each server once, one right after the other, so that what is compared was
 * measured at about the same time.
 *
 * @param kinds the servers that may be measured
 * @param tell gets a line per measurement
 */
export async function measureScenario (bench: Bench, scenario: Scenario, kinds: readonly ServerKind[], rounds: number, tell: (line: string) => void): Promise<Result> {
  const taking = kinds.filter(({ name }) => name === scenario.subject || scenario.peers.includes(name))
  const samples = new Map<string, (Sample | null)[]>(taking.map(({ name }) => [name, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const kind of taking) {
      const sample = await measureServer(bench, scenario, kind, tell)
      samples.get(kind.name)?.push(sample)
    }
  }
  return { scenario, rounds: samples }
}

async function measureServer (bench: Bench, scenario: Scenario, kind: ServerKind, tell: (line: string) => void): Promise<Sample | null> {
  try {
    let best = await measureOnce(bench, scenario, kind)
    for (let repetition = 0; repetition < REPETITIONS && best.foreign > MOST_FOREIGN; repetition++) {
      const again = await measureOnce(bench, scenario, kind)
      if (again.foreign < best.foreign) best = again
    }
    const figures = scenario.figures.map(({ name, title }) => `${best.figures[name]?.toPrecision(4)} ${title}`)
    tell([scenario.name.padEnd(20), kind.name.padEnd(18), ...figures, `${Math.round(best.foreign * 100)} % foreign`, ...best.faults].join('  '))
    return best
  } catch (error) {
    tell(`${scenario.name.padEnd(20)}  ${kind.name.padEnd(18)}  ${error instanceof Error ? error.message : String(error)}`)
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
