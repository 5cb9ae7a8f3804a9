import { median } from '../results.ts'

/** The cost of one step. */
export interface Cost {
  readonly name: string
  /** The name of one unit: an event, a delivery. */
  readonly per: string
  /** The median of all samples, in nanoseconds per unit. */
  readonly nanoseconds: number
  /** The least of them: the cost when nothing disturbs. */
  readonly least: number
}

const WARM_UP_MS = 300
const SAMPLE_MS = 30
const SAMPLES = 25

/**
 * Measures work that is done at once.
 *
 * @param units how many units one call of `work` has
 */
export function cost (name: string, per: string, units: number, work: () => void): Cost {
  const repeat = (ms: number) => {
    const start = performance.now()
    let calls = 0
    while (performance.now() - start < ms) {
      work()
      calls++
    }
    return (performance.now() - start) * 1e6 / (calls * units)
  }
  repeat(WARM_UP_MS)
  return summary(name, per, Array.from({ length: SAMPLES }, () => repeat(SAMPLE_MS)))
}

/**
 * Measures work that can't be repeated at once.
 *
 * @param work does `units` units and gives how long that took, in milliseconds
 */
export async function costOfEach (name: string, per: string, units: number, work: () => Promise<number>): Promise<Cost> {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end;) await work()
  const samples: number[] = []
  for (const end = performance.now() + SAMPLES * SAMPLE_MS; performance.now() < end;) samples.push(await work() * 1e6 / units)
  return summary(name, per, samples)
}

function summary (name: string, per: string, samples: readonly number[]): Cost {
  return { name, per, nanoseconds: median(samples) ?? NaN, least: Math.min(...samples) }
}
