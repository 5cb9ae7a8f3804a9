import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** The choice of measurements, and their thoroughness. */
export interface Options {
  /** Names of servers; null for all. */
  readonly servers: readonly string[] | null
  /** Names of scenarios; null for all. */
  readonly scenarios: readonly string[] | null
  readonly rounds: number
  /** About how long each measurement takes, in seconds. */
  readonly seconds: number
  /** The most times that a disturbed measurement is repeated. */
  readonly repetitions: number
  /** The built project that is measured: a directory with `dist/server.js`. */
  readonly project: string
  /** Another built project to compare with, or null. */
  readonly baseline: string | null
  /** The Markdown file that gets the tables; null for none. */
  readonly output: string | null
  /** True when the micro-benchmarks are run as well. */
  readonly micro: boolean
}

export const USAGE = `npm run bench -- [options]
  --quick               one short round of the most telling scenarios, about a minute and a half
  --servers a,b         runcast, runcast_embedded, runcast_2, nchan, phys_co, phys, baseline
  --scenarios a,b       fan100, fan1000, ... as in docs/benchmarks.md
  --rounds N            3 if not given; every round measures each server once, one after another
  --seconds S           2 if not given; about how long each measurement takes
  --repetitions N       2 if not given; how often a disturbed measurement is repeated at the most
  --baseline DIRECTORY  another built project to compare with
  --output FILE         where to write the tables; docs/benchmarks.md if everything is measured
`

/** The servers and scenarios that tell most in the least time. */
const QUICK = { servers: ['runcast', 'nchan', 'phys_co', 'baseline'], scenarios: ['fan1000', 'fan1000w1', 'lat1000', 'connecting'], rounds: 1, seconds: 1, repetitions: 0 }

const THOROUGH = { servers: null, scenarios: null, rounds: 3, seconds: 2, repetitions: 2 }

/**
 * Reads the command line.
 *
 * @param root the project that this file belongs to
 * @returns null when the usage is asked for
 * @throws TypeError for an unknown option, RangeError for a number that is none
 */
export function readOptions (args: readonly string[], root: string): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      servers: { type: 'string' },
      scenarios: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      repetitions: { type: 'string' },
      baseline: { type: 'string' },
      output: { type: 'string' },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return null
  const defaults = values.quick ? QUICK : THOROUGH
  const isWhole = !values.quick && values.servers === undefined && values.scenarios === undefined
  const output = values.output ?? (isWhole ? 'docs/benchmarks.md' : null)
  return {
    servers: values.servers?.split(',') ?? defaults.servers,
    scenarios: values.scenarios?.split(',') ?? defaults.scenarios,
    rounds: natural('--rounds', values.rounds) ?? defaults.rounds,
    seconds: number('--seconds', values.seconds) ?? defaults.seconds,
    repetitions: natural('--repetitions', values.repetitions) ?? defaults.repetitions,
    project: root,
    baseline: values.baseline === undefined ? null : resolve(values.baseline),
    output: output === null ? null : resolve(root, output),
    micro: isWhole
  }
}

function natural (name: string, text: string | undefined): number | null {
  if (text === undefined || /^\d{1,3}$/.test(text)) return number(name, text)
  throw new RangeError(`${name} is a whole number, not ${text}`)
}

function number (name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!(Number(text) >= 0)) throw new RangeError(`${name} is a number, not ${text}`)
  return Number(text)
}
