import { fetchEventSource, type EventSourceMessage } from '@microsoft/fetch-event-source'
import t from 'tap'
import { buildApp, tokenFor, type App } from '../helpers/service/app.ts'
import { waitUntil } from '../helpers/wait-until.ts'

// The library is written for pages.
Object.assign(globalThis, { window: globalThis, document: new EventTarget() })

interface Followed {
  readonly messages: EventSourceMessage[]
  /** The error that ended it; null while it goes on or after an end in order. */
  readonly failure: unknown
  readonly connections: number
  stop (): void
}

/** Follows as the library's own documentation shows: the data of every message is parsed, whatever its name. */
function followWithLibrary ({ url }: App, path: string, token: string): Followed {
  const leaving = new AbortController()
  const messages: EventSourceMessage[] = []
  let failure: unknown = null
  let connections = 0
  fetchEventSource(`${url}/api/v1/${path}`, {
    headers: { Authorization: `Bearer ${token}` },
    signal: leaving.signal,
    openWhenHidden: true,
    async onopen () { connections++ },
    onmessage (event) {
      JSON.parse(event.data)
      messages.push(event)
    },
    onerror (error) { throw error }
  }).catch((error: unknown) => { failure = error })
  return { messages, get failure () { return failure }, get connections () { return connections }, stop: () => leaving.abort() }
}

const reader = tokenFor({ sub: 'reader', scope: 'runs:read' })
const log = (message: string) => ({ event_type: 'log', payload: { level: 'info', message } })
const names = ({ messages }: Followed) => messages.map(({ event }) => event)

t.test('every message of a run has JSON, also over heartbeats', async (t) => {
  const app = await buildApp(t, { STREAM_HEARTBEAT_MS: '1000' })
  await app.publish('r', [log('one')])
  const followed = followWithLibrary(app, 'workflow-runs/r/stream', reader)
  await waitUntil('it has what is stored', () => followed.messages.length === 2)
  const openedAt = Date.now()
  await waitUntil('two heartbeats have passed', () => Date.now() - openedAt > 2_500)
  await app.publish('r', [log('two')])
  await waitUntil('it has what came after', () => followed.messages.length === 3)
  t.same(names(followed), ['stream_open', 'log', 'log'])
  t.match(followed, { failure: null, connections: 1 })
  followed.stop()
})

t.test('every message of the feed of all runs has JSON', async (t) => {
  const app = await buildApp(t)
  const followed = followWithLibrary(app, 'run-updates/stream', reader)
  await waitUntil('it has the runs', () => followed.messages.length === 1)
  await app.publish('r', [log('one')])
  await waitUntil('it has the change', () => followed.messages.length === 2)
  t.same(names(followed), ['runs_snapshot', 'run_updated'])
  t.equal(followed.failure, null)
  followed.stop()
})

t.test('a stream that is closed at once is one message with JSON', async (t) => {
  const app = await buildApp(t, { MAX_STREAMS: '1' })
  const first = followWithLibrary(app, 'workflow-runs/r/stream', reader)
  await waitUntil('one is open', () => first.messages.length === 1)
  for (const path of ['workflow-runs/r/stream', 'run-updates/stream']) {
    const refused = followWithLibrary(app, path, reader)
    await waitUntil('it is told', () => refused.messages.length > 0 || refused.failure !== null)
    t.match(refused, { messages: [{ event: 'stream_close', data: '{"reason":"limit"}' }], failure: null })
    refused.stop()
  }
  first.stop()
})

t.test('a finished run without events after the cursor gives no message', async (t) => {
  const app = await buildApp(t, { END_GRACE_MS: '0' })
  const ids = await app.publish('r', [log('one'), { event_type: 'status_change', payload: { status: 'succeeded' } }])
  const followed = followWithLibrary(app, `workflow-runs/r/stream?last_event_id=${ids[1]}`, reader)
  await waitUntil('it is answered', () => followed.connections === 1)
  t.same(followed.messages, [])
})
