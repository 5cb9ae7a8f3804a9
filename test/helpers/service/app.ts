import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import service, { options, type ServiceOptions } from '../../../app.ts'
import { loadConfig } from '../../../services/config.ts'
import { loggerOptions } from '../../../services/logging/logger-options.ts'
import { TEST_SECRET, token } from './tokens.ts'

export { token as tokenFor } from './tokens.ts'

/** The real service, listening. */
export interface App {
  readonly app: FastifyInstance
  /** The address that it listens on, such as http://127.0.0.1:34567. */
  readonly url: string
  /** Asks it for a path, with a token that permits everything unless the headers hold credentials. */
  call (path: string, init?: { method?: string, headers?: Record<string, string>, body?: string | Buffer }): Promise<Response>
  /** Publishes to a run and gives the ids. */
  publish (runId: string, events: unknown, claims?: Record<string, unknown>): Promise<string[]>
  /** Its DATA_DIR. */
  readonly directory: string
  /** Everything that was logged, at the finest level. */
  log (): string
  /** Everything that was printed for people. */
  printed (): string
  /** Stops it; done at the end of the test in any case. */
  close (): Promise<void>
}

/**
 * Starts the service on a free port, with the embedded log in a directory of its own unless the settings name Redis.
 *
 * @param settings as in the environment; '' takes a setting away
 * @param handed further options of the service's plugin
 */
export async function buildApp (t: Test, settings: Record<string, string> = {}, handed: Pick<ServiceOptions, 'uiDirectory'> = {}): Promise<App> {
  const directory = settings['DATA_DIR'] ?? await temporaryDirectory(t)
  const config = loadConfig({ PORT: '0', JWT_SECRET: TEST_SECRET, DATA_DIR: directory, ...settings })
  const logged: string[] = []
  const printed: string[] = []
  const stream = new Writable({
    write (chunk, _encoding, done) {
      logged.push(String(chunk))
      done()
    }
  })
  const app = Fastify({ ...options, trustProxy: config.trustProxy, logger: { ...loggerOptions('trace', false), stream } })
  const close = async () => { await app.close() }
  t.teardown(close)
  await app.register(service, { ...handed, config, print: (text) => { printed.push(text) } })
  const url = await app.listen({ host: config.HOST, port: config.PORT })
  const call: App['call'] = (path, { headers = {}, ...init } = {}) => fetch(url + path, {
    ...init,
    headers: { authorization: `Bearer ${token()}`, ...headers }
  })
  const publish: App['publish'] = async (runId, events, claims = {}) => {
    const headers = { authorization: `Bearer ${token(claims)}`, 'content-type': 'application/json' }
    const response = await call(`/api/v1/workflow-runs/${runId}/events`, { method: 'POST', headers, body: JSON.stringify(events) })
    const body = await response.json() as { ids?: string[] }
    if (body.ids === undefined) throw new Error(`not published: ${JSON.stringify(body)}`)
    return body.ids
  }
  return { app, url, directory, call, publish, close, log: () => logged.join(''), printed: () => printed.join('') }
}

/** A directory that is removed once the test and the processes that it started are done. */
export async function temporaryDirectory (t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'runcast-test-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  return directory
}
