import t from 'tap'
import { EventStore, NOTHING_KNOWN } from '../../dist/react/event-store.js'

const event = (seq: number, ms = 1_000 + seq) => ({ kind: 'event' as const, id: `${ms}-${seq}`, type: 'log', data: seq, raw: String(seq) })
const eventsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => event(first + index))

/** Makes a store whose frames the test draws. */
function makeStore (maxEvents = Infinity) {
  const frames: (() => void)[] = []
  const store = new EventStore(maxEvents, (callback) => frames.push(callback))
  let calls = 0
  const unsubscribe = store.subscribe(() => calls++)
  const draw = () => frames.splice(0).forEach((callback) => callback())
  return { store, draw, unsubscribe, frames, calls: () => calls }
}

const seqs = (store: EventStore) => store.snapshot.events.map(({ data }) => data)

t.test('however many events come, subscribers are called once a frame', async (t) => {
  const { store, draw, frames, calls } = makeStore()
  for (const one of eventsFrom(1, 2_000)) store.append([one])
  store.show({ connection: 'live', status: 'running' })
  t.equal(frames.length, 1)
  t.equal(store.snapshot, NOTHING_KNOWN, 'a snapshot stays as it is until the next frame')
  draw()
  t.equal(calls(), 1)
  t.match(store.snapshot, { connection: 'live', status: 'running', gap: null, lastEventAt: 3_000 })
  t.equal(store.snapshot.events.length, 2_000)
  const snapshot = store.snapshot
  t.equal(frames.length, 0, 'no frame is asked for when nothing happens')
  store.show({ connection: 'live', status: 'running' })
  t.equal(frames.length, 0, 'nor when nothing changes')
  t.equal(store.snapshot, snapshot)
})

t.test('a change of the state leaves the list of events the same object', async (t) => {
  const { store, draw } = makeStore()
  store.append(eventsFrom(1, 3))
  draw()
  const { events } = store.snapshot
  store.show({ connection: 'stale', status: null })
  draw()
  t.equal(store.snapshot.events, events)
  store.append(eventsFrom(4, 1))
  draw()
  t.not(store.snapshot.events, events)
  t.same(events.length, 3, 'what was given out does not grow')
})

t.test('large events are kept up to a bound of their own', async (t) => {
  const { store, draw } = makeStore()
  const large = (seq: number, length: number) => ({ ...event(seq), raw: 'x'.repeat(length) })
  for (let seq = 1; seq <= 5; seq++) {
    store.append([large(seq, 10_000_000)])
    draw()
  }
  t.same(seqs(store), [3, 4, 5])
  store.append([event(6), large(7, 40_000_000)])
  draw()
  t.same(seqs(store), [7], 'the newest stays, however large it is')
  store.append(eventsFrom(8, 3))
  draw()
  t.same(seqs(store), [8, 9, 10])
})

t.test('the newest events are kept', async (t) => {
  const { store, draw } = makeStore(5)
  store.append(eventsFrom(1, 3))
  draw()
  store.append(eventsFrom(4, 4))
  draw()
  t.same(seqs(store), [3, 4, 5, 6, 7])
})

t.test('a gap makes void what comes after the id from which the stream goes on', async (t) => {
  const { store, draw } = makeStore()
  store.append(eventsFrom(1, 5))
  const gap = { reason: 'forked' as const, requested: '1005-5', resumed_after: '1003-3', lost: null, history_url: '/x' }
  store.gap(gap)
  draw()
  t.same(seqs(store), [1, 2, 3])
  t.match(store.snapshot, { gap, lastEventAt: 1_003 })
  store.append([event(4, 2_000)])
  draw()
  t.same(store.snapshot.events.map(({ id }) => id), ['1001-1', '1002-2', '1003-3', '2000-4'])
})

t.test('an ended subscription is not called any more', async (t) => {
  const { store, draw, unsubscribe, calls } = makeStore()
  unsubscribe()
  store.append(eventsFrom(1, 1))
  draw()
  t.equal(calls(), 0)
})

t.test('a frame costs little with 100,000 events kept and 2,000 coming each second', async (t) => {
  const { store, draw } = makeStore(100_000)
  store.append(eventsFrom(1, 100_000))
  draw()
  const durations = Array.from({ length: 60 }, (_, frame) => {
    const started = performance.now()
    store.append(eventsFrom(100_001 + frame * 33, 33))
    draw()
    return performance.now() - started
  }).sort((one, other) => one - other)
  t.equal(store.snapshot.events.length, 100_000)
  const median = durations[30] ?? Infinity
  t.comment(`median ${median.toFixed(2)} ms, most ${durations.at(-1)?.toFixed(2)} ms`)
  t.ok(median < 100, 'far below what 100,000 events cost that are gone through anew')
})
