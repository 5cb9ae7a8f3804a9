import t from 'tap'
import type { LogEvent } from '../../../services/run-log/run-log.ts'
import { encodeEvent, Ring } from '../../../services/topic/ring.ts'
import { TopicMemory } from '../../../services/topic/topic-memory.ts'

function chain (from: number, to: number, ms = 100): LogEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const seq = from + index
    return { id: `${ms}-${seq}`, prev: seq === 1 ? '0-0' : `${ms}-${seq - 1}`, type: 'log', data: `{"seq":${seq}}` }
  })
}

function ringOf (events: LogEvent[], maxEvents = 100, maxCharacters = 100_000): Ring {
  const ring = new Ring(maxEvents, () => maxCharacters)
  for (const event of events) ring.push(encodeEvent(event))
  return ring
}

const idsAfter = (ring: Ring, cursor: string) => ring.after(cursor)?.map((entry) => entry.event.id)

t.test('the events after a cursor are given only when its exact id proves the chain', async (t) => {
  const ring = ringOf(chain(5, 8))
  t.strictSame(idsAfter(ring, '100-6'), ['100-7', '100-8'])
  t.strictSame(idsAfter(ring, '100-4'), ['100-5', '100-6', '100-7', '100-8'], 'the id before the first')
  t.strictSame(idsAfter(ring, '100-8'), [])
  t.equal(ring.after('99-6'), null, 'the same number of another history')
  t.equal(ring.after('100-3'), null)
  t.equal(ring.after('100-9'), null)
  t.equal(new Ring(10, () => 10).after('0-0'), null)
})

t.test('the oldest events fall out by number and by size, and an event that is too large falls out alone', async (t) => {
  const byNumber = ringOf(chain(1, 1000), 100)
  t.ok(byNumber.ids().length <= 125)
  t.equal(byNumber.ids()[0], '100-1000')
  const bySize = ringOf(chain(1, 1000), 10_000, 500)
  t.ok(bySize.ids().length < 20)
  t.equal(bySize.ids()[0], '100-1000')
  const none = ringOf(chain(1, 2), 10, 1)
  t.strictSame(none.ids(), [])
  t.equal(none.after('100-1'), null)
})

t.test('the bound of a ring shrinks with the number of topics, even when no event comes', async (t) => {
  let topics = 1
  const memory = new TopicMemory(() => topics)
  const ring = memory.createRing()
  const frame = 'x'.repeat(1_000)
  for (const event of chain(1, 400)) ring.push({ event, frame })
  const alone = ring.ids().length
  t.ok(alone >= 262 && alone <= 262 * 1.25, 'a quarter more than it may hold is let go at once')
  topics = 2_000
  ring.trim()
  t.equal(ring.ids().length, 33)
  t.equal(ring.ids()[0], '100-400')
})

t.test('pages are kept for all topics together up to a bound', async (t) => {
  const memory = new TopicMemory(() => 1)
  const page = 1_048_576
  let pages = 0
  while (memory.takePage(page)) pages++
  t.equal(pages, 64)
  memory.freePage(page)
  t.ok(memory.takePage(page))
  t.notOk(memory.takePage(1))
})

t.test('a fork cuts the ring after the newest common event', async (t) => {
  const ring = ringOf(chain(1, 6))
  ring.cutAfter('100-4')
  t.strictSame(ring.ids(), ['100-4', '100-3', '100-2', '100-1'])
  ring.cutAfter('7-7')
  t.strictSame(ring.ids(), [])
})

t.test('history is added in front only where it joins the chain', async (t) => {
  const ring = ringOf(chain(5, 6))
  ring.prepend(chain(1, 3), '100-6')
  t.strictSame(ring.ids(), ['100-6', '100-5'], 'a hole')
  ring.prepend(chain(2, 6), '100-6')
  t.strictSame(ring.ids(), ['100-6', '100-5', '100-4', '100-3', '100-2'], 'an overlap')
  const empty = new Ring(10, () => 10_000)
  empty.prepend(chain(1, 3), '100-3')
  t.strictSame(empty.ids(), ['100-3', '100-2', '100-1'])
  const other = new Ring(10, () => 10_000)
  other.prepend(chain(1, 3), '100-4')
  t.strictSame(other.ids(), [], 'a page that does not reach the newest event')
  const small = new Ring(2, () => 10_000)
  small.prepend(chain(1, 3), '100-3')
  t.strictSame(small.ids(), ['100-3', '100-2'])
})
