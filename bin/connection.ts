import { refusal, RuncastError, type ServiceOptions } from '@runcast/client'
import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { UsageError } from './terminal.ts'

/** Address and token as given on the command line. */
export interface GivenService {
  readonly url?: string | undefined
  readonly token?: string | undefined
}

/** The content of `DATA_DIR/dev.json`, which a service without a configured key leaves there. */
interface DevelopmentService {
  readonly secret: string
  /** Absent until the service has listened once. */
  readonly url?: string
}

const TOKEN_LIFETIME_S = 3600
const REQUEST_TIMEOUT_MS = 10_000

/** The clone that this command belongs to; compiled, it lies one folder deeper. */
export const CLONE = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '..' : '../..')

/**
 * Finds the service and its credentials: those that are given, else `RUNCAST_URL` and `RUNCAST_TOKEN`, else the service
 * that was started from the same clone on this machine.
 *
 * @param clone the folder in which that service was started
 * @throws UsageError when no service is known, or its address makes no sense
 */
export async function findService (given: GivenService, environment: NodeJS.ProcessEnv = process.env, clone = CLONE): Promise<ServiceOptions> {
  const local = await readDevelopmentService(environment, clone)
  const address = given.url ?? set(environment['RUNCAST_URL']) ?? local?.url
  if (address === undefined) {
    throw new UsageError(`no service is known: start one with \`npm start\` in ${CLONE}, or set RUNCAST_URL and RUNCAST_TOKEN`)
  }
  const url = checkedAddress(address)
  const token = given.token ?? set(environment['RUNCAST_TOKEN'])
  if (token !== undefined) return { url, token }
  if (local === null || !isLocal(url, local)) return { url }
  return { url, getToken: async () => localToken((await readDevelopmentService(environment, clone) ?? local).secret) }
}

/**
 * Sends one request that is not worth repeating.
 *
 * @returns the JSON of the answer
 * @throws RuncastError when there is no answer, or not a good one
 */
export async function callService (service: ServiceOptions, method: string, path: string): Promise<unknown> {
  const token = service.token ?? await service.getToken?.()
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`${service.url}${path}`, { method, headers, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).catch((cause: unknown) => {
    throw new RuncastError('unreachable', `Nothing answers at ${service.url}. Start the service with \`npm start\` in ${CLONE}, or set RUNCAST_URL.`, { cause })
  })
  if (!response.ok) throw await refusal(response)
  return await response.json().catch(async () => { throw await refusal(response) })
}

/** Explains an error to the caller of the command. */
export function explain (error: RuncastError): string {
  if (error.code === 'unexpected_answer') return error.message
  if (error.status === 401) return 'The service does not accept the token. Set RUNCAST_TOKEN, or use the command of the clone that the service was started from.'
  if (error.status === 403) return 'The service does not allow this with the token that was given.'
  return error.message
}

async function readDevelopmentService (environment: NodeJS.ProcessEnv, clone: string): Promise<DevelopmentService | null> {
  const { DATA_DIR: inFile } = parseEnv(await readIfThere(join(clone, '.env')) ?? '')
  for (const folder of [set(environment['DATA_DIR']) ?? set(inFile) ?? 'data', 'data']) {
    const file = join(resolve(clone, folder), 'dev.json')
    const text = await readIfThere(file)
    if (text !== null) return developmentService(text, file)
  }
  return null
}

/** Reads a variable. An empty one counts as none, as it does for the service. */
function set (value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

async function readIfThere (file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw new UsageError(`${file} can't be read: ${String(error)}`)
  }
}

function developmentService (text: string, file: string): DevelopmentService {
  const found: unknown = parsedOrNull(text)
  if (typeof found === 'object' && found !== null && 'secret' in found && typeof found.secret === 'string') {
    const { secret } = found
    return 'url' in found && typeof found.url === 'string' ? { secret, url: found.url } : { secret }
  }
  throw new UsageError(`${file} does not hold the secret of a service`)
}

function parsedOrNull (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function checkedAddress (address: string): string {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new UsageError(`${JSON.stringify(address.slice(0, 100))} is not the address of a service, such as http://127.0.0.1:3000`)
  }
  return address.replace(/\/+$/, '')
}

/** Tells if an address is the local service. The development secret is good on this machine only, so its tokens stay here. */
function isLocal (url: string, local: DevelopmentService): boolean {
  const { hostname } = new URL(url)
  return url === local.url || hostname === 'localhost' || hostname === '[::1]' || /^127\.[0-9.]+$/.test(hostname)
}

function localToken (secret: string): string {
  const now = Math.floor(Date.now() / 1000)
  const header = base64url({ alg: 'HS256', typ: 'JWT' })
  const claims = base64url({ sub: 'local', scope: 'runs:read runs:write runs:admin workflows:run', iat: now, exp: now + TOKEN_LIFETIME_S })
  const signature = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url')
  return `${header}.${claims}.${signature}`
}

function base64url (part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
