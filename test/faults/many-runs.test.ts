import t, { type Test } from 'tap'
import { eventsOf, openEventStream } from '../helpers/http/event-stream.ts'
import { seededRandom, testSeed } from '../helpers/random.ts'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const RUNS = 200
const EVENTS = 500
const BATCH = 50
const seed = testSeed()
const token = tokenFor({ sub: 'engine', scope: 'runs:read runs:write' })

async function publishRun ({ url }: App, runId: string, pause: () => Promise<unknown>): Promise<void> {
  for (let first = 1; first <= EVENTS; first += BATCH) {
    const events = Array.from({ length: BATCH }, (_, index) => {
      const n = first + index
      if (n === 1 || n === EVENTS) return { event_type: 'status_change', payload: { status: n === 1 ? 'running' : 'succeeded', n } }
      return { event_type: 'log', payload: { level: 'info', message: `line ${n}`, n } }
    })
    const send = async () => {
      const response = await fetch(`${url}/api/v1/workflow-runs/${runId}/events`, {
        method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': String(first) }, body: JSON.stringify(events)
      })
      const text = await response.text()
      // On a machine that is too busy for it Redis does not answer in time.
      if (response.status !== 201 && response.status !== 503) throw new Error(`${response.status} ${text}`)
      return response.status === 201
    }
    while (!await send());
    await pause()
  }
}

/** Follows as EventSource does until the stream ends, losing `cuts` connections; gives the number in each event. */
async function followRun ({ url }: App, runId: string, cuts: number, random: () => number): Promise<number[]> {
  const got: number[] = []
  let lastEventId: string | undefined
  for (let connection = 0; ; connection++) {
    const stream = await openEventStream(`${url}/api/v1/workflow-runs/${runId}/stream`, { token, ...(lastEventId === undefined ? {} : { lastEventId }) })
    if (stream.status === 204) return got
    if (connection < cuts) {
      const enough = Math.ceil(random() * EVENTS / 3)
      await stream.waitFor(() => eventsOf(stream).length >= enough).catch(() => {})
      stream.destroy()
    } else {
      await stream.ended
    }
    got.push(...eventsOf(stream).map(({ data }) => JSON.parse(data).n))
    lastEventId = stream.frames.at(-1)?.id ?? lastEventId
    if (stream.frames.at(-1)?.event === 'stream_end') return got
  }
}

async function everyoneGetsEverything (t: Test, settings: Record<string, string>): Promise<void> {
  const app = await buildApp(t, { END_GRACE_MS: '100', LOG_LEVEL: 'warn', ...settings })
  const random = seededRandom(seed)
  const wanted = Array.from({ length: EVENTS }, (_, index) => index + 1)
  const runs = Array.from({ length: RUNS }, async (_, index) => {
    const runId = `run-${index}`
    const early = followRun(app, runId, index % 3, random)
    const publishing = publishRun(app, runId, () => new Promise((resolve) => setTimeout(resolve, random() * 20)))
    if (index % 2 === 0) await new Promise((resolve) => setTimeout(resolve, random() * 100))
    const late = followRun(app, runId, index % 4, random)
    await publishing
    return [await early, await late]
  })
  const wrong = (await Promise.all(runs)).flat().filter((got) => JSON.stringify(got) !== JSON.stringify(wanted))
  t.strictSame(wrong, [], `${RUNS * 2} followers have ${EVENTS} events each, in order, none twice`)
  await waitUntil('every stream is gone', () => app.app.topics.streams === 0 && app.app.topics.size === 0)
}

t.test(`200 runs at once on the embedded log (SEED=${seed})`, async (t) => everyoneGetsEverything(t, {}))

t.test(`200 runs at once on Redis (SEED=${seed})`, async (t) => {
  const redis = await startRedis(t)
  await everyoneGetsEverything(t, { REDIS_URL: redis.url })
})
