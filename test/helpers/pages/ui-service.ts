import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { freePort } from '../redis/redis-server.ts'
import { temporaryDirectory } from '../service/app.ts'
import { CLONE } from '../service/runcast-command.ts'
import { token } from '../service/tokens.ts'

/** The built service as a process of its own, with the embedded log and the user interface. */
export interface UiService {
  readonly url: string
  /** Its DATA_DIR. */
  readonly directory: string
  /** The link that it printed last to log in with; good once. */
  loginUrl (): string
  /** Ends it with SIGKILL, and resolves when it is gone. */
  kill (): Promise<void>
  /** Starts it again, where it was. */
  start (): Promise<void>
  /** Publishes events to a run, a thousand at a time. */
  publish (runId: string, events: readonly PublishedEvent[]): Promise<void>
  /** A token that it takes. @param claims as of `token`; all scopes unless they say otherwise */
  tokenFor (claims?: Record<string, unknown>): Promise<string>
  /** Gives a page's context a session. @param claims of its token */
  signIn (page: Page, claims?: Record<string, unknown>): Promise<void>
}

export interface PublishedEvent {
  readonly event_type: string
  readonly payload: unknown
}

const EVENTS_AT_ONCE = 1_000

/**
 * Starts it on a free port of 127.0.0.1, and ends it with the test.
 *
 * @param settings as in the environment
 */
export async function startUiService (t: Test, settings: Record<string, string> = {}): Promise<UiService> {
  const directory = await temporaryDirectory(t)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: String(port), DATA_DIR: directory, LOG_LEVEL: 'warn', ...settings }
  let child: ChildProcess | null = null
  let login = ''

  const start = async () => {
    const started = spawn(process.execPath, [join(CLONE, 'dist/server.js')], { cwd: directory, env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    child = started
    login = await printedLogin(started)
  }
  const kill = async () => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  const tokenFor = async (claims: Record<string, unknown> = {}) => {
    const { secret }: { secret: string } = JSON.parse(await readFile(join(directory, 'dev.json'), 'utf8'))
    return token({ sub: 'local', ...claims }, secret)
  }

  t.teardown(kill)
  await start()
  return {
    url,
    directory,
    loginUrl: () => login,
    kill,
    start,
    tokenFor,
    publish: async (runId, events) => {
      const headers = { authorization: `Bearer ${await tokenFor()}`, 'content-type': 'application/json' }
      for (let next = 0; next < events.length; next += EVENTS_AT_ONCE) {
        const body = JSON.stringify(events.slice(next, next + EVENTS_AT_ONCE))
        const response = await fetch(`${url}/api/v1/workflow-runs/${runId}/events`, { method: 'POST', headers, body })
        if (response.status !== 201) throw new Error(`not published: ${await response.text()}`)
        await response.arrayBuffer()
      }
    },
    signIn: async (page, claims) => {
      const response = await page.request.post(`${url}/api/v1/session`, { data: { token: await tokenFor(claims) }, headers: { origin: url } })
      if (response.status() !== 201) throw new Error(`not signed in: ${await response.text()}`)
    }
  }
}

/** A line of a log, as an event. */
export function logEvent (message: string, fields: Readonly<Record<string, unknown>> = {}): PublishedEvent {
  return { event_type: 'log', payload: { level: 'info', message, ...fields } }
}

/** A change of the status of a run, or with `step` of a step, as an event. */
export function statusEvent (status: string, fields: Readonly<Record<string, unknown>> = {}): PublishedEvent {
  return { event_type: 'status_change', payload: { status, ...fields } }
}

/** A result, as an event. */
export function resultEvent (content: unknown, mediaType: string, fields: Readonly<Record<string, unknown>> = {}): PublishedEvent {
  return { event_type: 'result_preview', payload: { content, media_type: mediaType, ...fields } }
}

async function printedLogin (child: ChildProcess): Promise<string> {
  let printed = ''
  for await (const text of child.stdout?.setEncoding('utf8') ?? []) {
    printed += String(text)
    const [, link] = /Log in with: +(http\S+)\n/.exec(printed) ?? []
    if (link === undefined) continue
    return link
  }
  throw new Error(`the service did not start: ${printed}`)
}
