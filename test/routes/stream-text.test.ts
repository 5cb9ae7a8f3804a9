import t from 'tap'
import { eventsOf, openEventStream } from '../helpers/http/event-stream.ts'
import { log, open, reader, status } from '../helpers/http/run-stream.ts'
import { buildApp } from '../helpers/service/app.ts'

t.test('no line of an answer holds a separator of lines, wherever a publisher or client has put one', async (t) => {
  const app = await buildApp(t)
  const tricky = 'a\u0085b\u2028c\u2029d'
  await app.publish('lines', [{ event_type: 'status_change', payload: { status: 'running', name: tricky, [tricky]: tricky } }, log(tricky)])
  const stream = await open(app, 'lines', { headers: { 'last-event-id': '\u0085' } })
  const event = await stream.waitFor(({ event }) => event === 'log')
  const feed = await openEventStream(`${app.url}/api/v1/run-updates/stream`, { token: reader })
  const snapshot = await feed.waitFor(({ event }) => event === 'runs_snapshot')
  const history = await app.call('/api/v1/workflow-runs/lines/events', { headers: { accept: 'application/x-ndjson' } })
  const lines = await history.text()
  for (const text of [stream.text(), feed.text(), lines]) t.notMatch(text, /[\u0085\u2028\u2029]/)
  t.equal(JSON.parse(event.data).message, tricky)
  t.equal(JSON.parse(snapshot.data).runs[0].name, tricky)
  t.same(JSON.parse(lines.split('\n')[0] ?? '').payload, { status: 'running', name: tricky, [tricky]: tricky })
  stream.destroy()
  feed.destroy()
})

t.test('events of the types error and open have frames that EventSource does not take for its own, and their types everywhere else', async (t) => {
  const app = await buildApp(t)
  await app.publish('names', [{ event_type: 'error', payload: 1 }, { event_type: 'open', payload: 2 }, { event_type: 'message', payload: 3 }, { event_type: 'close', payload: 4 }, status('succeeded')])
  const stream = await open(app, 'names')
  const end = await stream.waitFor(({ event }) => event === 'stream_end')
  t.same(eventsOf(stream).map(({ event }) => event), ['_error', '_open', 'message', 'close', 'status_change'])
  t.same(JSON.parse(end.data).counts, { error: 1, open: 1, message: 1, close: 1, status_change: 1 })
  const filtered = await open(app, 'names', { query: '?event_types=error' })
  await filtered.waitFor(({ event }) => event === 'stream_end')
  t.same(eventsOf(filtered).map(({ event, data }) => [event, data]), [['_error', '1']])
  const history = await (await app.call('/api/v1/workflow-runs/names/events?event_types=open')).json()
  t.match(history, { events: [{ event_type: 'open', payload: 2 }] })
  t.equal((await open(app, 'names', { query: '?event_types=_error' })).status, 400)
  const refused = await app.call('/api/v1/workflow-runs/names/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"event_type":"_error","payload":1}' })
  t.equal(refused.status, 400)
})
