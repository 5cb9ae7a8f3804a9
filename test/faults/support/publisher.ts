import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { token } from '../../helpers/service/tokens.ts'
import { numberedPayload } from './event-names.ts'
import type { Known } from './evidence.ts'

export interface PublisherOptions {
  /** The services that it asks in turn, going on to the next after every failure. */
  readonly urls: readonly string[]
  readonly runId: string
  /** Without a slash; by default `p`. */
  readonly name?: string
  /** The number of events that it publishes; by default it goes on until it is stopped. */
  readonly events?: number
  /** Events per request; by default 1. */
  readonly batch?: number
  /** Characters added to each event. */
  readonly padding?: number
  /** The pause between two requests, in milliseconds; by default 0. */
  readonly pauseMs?: number
}

/** A publisher that numbers its events and repeats each request under one Idempotency-Key until it is acknowledged. */
export interface Publisher {
  /** The acknowledged events, in order. */
  readonly acknowledged: readonly Known[]
  /** The number of answers by status; 0 stands for no answer. */
  readonly answers: ReadonlyMap<number, number>
  /** Resolves when every event is acknowledged. Rejects when one is refused for good. */
  readonly done: Promise<void>
  /** Publishes no further request; resolves when the present one is acknowledged. */
  stop (): Promise<void>
}

/** The time that a request may take before it is repeated, in milliseconds. */
const TIMEOUT_MS = 20_000
const PAUSE_AFTER_FAILURE_MS = 50

/** Starts to publish; ended at the test's teardown. */
export function startPublisher (t: Pick<Test, 'teardown'>, options: PublisherOptions): Publisher {
  const { urls, runId, name = 'p', events = Infinity, batch = 1, padding = 0, pauseMs = 0 } = options
  const acknowledged: Known[] = []
  const answers = new Map<number, number>()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const stopping = new AbortController()
  const over = new AbortController()
  let turn = 0

  const publish = async (first: number): Promise<void> => {
    const numbers = Array.from({ length: Math.min(batch, events - first + 1) }, (_, index) => first + index)
    const body = `[${numbers.map((n) => `{"event_type":"log","payload":${numberedPayload(name, n, padding)}}`).join()}]`
    const key = randomUUID()
    while (!over.signal.aborted) {
      const url = urls[turn % urls.length] ?? ''
      const answer = await post(`${url}/api/v1/workflow-runs/${runId}/events`, key, body, agent)
      answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1)
      if (answer.status === 201) {
        const { ids }: { ids: string[] } = JSON.parse(answer.text)
        for (const [index, n] of numbers.entries()) acknowledged.push({ id: ids[index] ?? '', name: `${name}/${n}` })
        return
      }
      if (answer.status >= 400 && answer.status < 500) throw new Error(`refused: ${answer.text}`)
      turn++
      await delay(PAUSE_AFTER_FAILURE_MS)
    }
  }

  const publishAll = async () => {
    for (let first = 1; first <= events && !stopping.signal.aborted; first += batch) {
      await publish(first)
      if (pauseMs > 0) await delay(pauseMs)
    }
    agent.destroy()
  }

  t.teardown(() => {
    stopping.abort()
    over.abort()
    agent.destroy()
  })
  const done = publishAll()
  // Code that awaits `done` hears of a refusal. Otherwise the check finds the missing events.
  done.catch(() => {})
  return {
    acknowledged,
    answers,
    done,
    async stop () {
      stopping.abort()
      await done
    }
  }
}

interface Answer {
  /** The status of the answer; 0 when there was none. */
  readonly status: number
  readonly text: string
}

function post (url: string, key: string, body: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const outgoing = request(url, {
      method: 'POST',
      agent,
      timeout: TIMEOUT_MS,
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json', 'idempotency-key': key, 'content-length': Buffer.byteLength(body) }
    })
    outgoing.once('timeout', () => outgoing.destroy())
    outgoing.once('error', () => resolve({ status: 0, text: '' }))
    outgoing.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => { text += piece })
      response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.once('error', () => resolve({ status: 0, text: '' }))
    })
    outgoing.end(body)
  })
}
