import { SettingsSchema } from '../schemas/config.ts'
import { distanceBetween } from './problems/nearest-name.ts'

const KNOWN = Object.keys(SettingsSchema.properties)

const PREFIXES = ['REDIS_', 'JWT_', 'RUN_', 'STREAM_', 'ENGINE_', 'MAX_', 'INGEST_', 'RUNCAST_']

/** Settings of the command, which may share a `.env` file with the service. */
const OF_THE_COMMAND: ReadonlySet<string> = new Set(['RUNCAST_URL', 'RUNCAST_TOKEN'])

/** The variables that Kubernetes and Docker make in each container for every service nearby. */
const OF_A_NEIGHBOUR = /_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/
const NEIGHBOUR_ADDRESS = /^(tcp|udp|sctp):\/\//

/** The length from which a name is so long that another program's name is hardly near by chance. */
const LONG_NAME = 8

const MAX_DISTANCE = 2

/** The variables that look like settings and are none. */
export interface OddNames {
  /** By the name of the variable: the setting that it is most likely meant to be. */
  readonly mistaken: ReadonlyMap<string, string>
  /** The names that begin as settings do, sorted. */
  readonly unknown: readonly string[]
}

/**
 * Finds variables that look like settings and are none. The variables that a platform makes by itself are not among them.
 *
 * @param environment the variables that are set
 */
export function findOddNames (environment: Readonly<Record<string, string>>): OddNames {
  const mistaken = new Map<string, string>()
  const unknown: string[] = []
  for (const [name, value] of Object.entries(environment)) {
    if (Object.hasOwn(SettingsSchema.properties, name) || OF_THE_COMMAND.has(name) || isOfNeighbour(name, value)) continue
    const meant = nearestSetting(name)
    if (meant !== null) mistaken.set(name, meant)
    else if (PREFIXES.some((prefix) => name.startsWith(prefix))) unknown.push(name)
  }
  return { mistaken, unknown: unknown.sort() }
}

function isOfNeighbour (name: string, value: string): boolean {
  return OF_A_NEIGHBOUR.test(name) || (name.endsWith('_PORT') && NEIGHBOUR_ADDRESS.test(value))
}

function nearestSetting (name: string): string | null {
  let nearest: string | null = null
  let least = MAX_DISTANCE + 1
  for (const known of KNOWN) {
    if (known.length < LONG_NAME) {
      // HOSTS, POST and PORT1 are names of their own. Nobody calls a variable PROT.
      if (isTransposed(name, known)) return known
      continue
    }
    const distance = distanceBetween(name.toUpperCase(), known)
    // Hardly a slip takes two letters and the first one with them: SASS_PATH is no BASE_PATH.
    if (distance === MAX_DISTANCE && name[0]?.toUpperCase() !== known[0]) continue
    if (distance < least) {
      least = distance
      nearest = known
    }
  }
  return nearest
}

function isTransposed (name: string, known: string): boolean {
  return name.length === known.length && distanceBetween(name, known) === 1 && [...name].sort().join() === [...known].sort().join()
}
