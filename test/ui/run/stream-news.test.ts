import t from 'tap'
import { newsOf } from '../../../ui/src/run/model/stream-news.ts'

const event = (seq: number, ms = 1000 + seq) => ({ kind: 'event' as const, id: `${ms}-${seq}`, type: 'log', data: { message: String(seq) }, raw: `{"message":"${seq}"}` })
const events = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const gapAfter = (resumedAfter: string, lost: number | null) => ({ reason: 'expired' as const, requested: null, resumed_after: resumedAfter, lost, history_url: '' })

function told (news: ReturnType<typeof newsOf>): unknown {
  return news.kind === 'behind' ? news : news.items.map((item) => item.kind === 'gap' ? `gap ${item.lost}` : item.event.id)
}

t.test('events after the last known event are new', async (t) => {
  t.same(told(newsOf({ events: [], gap: null }, '1000-0', null)), [])
  t.same(told(newsOf({ events: events(1, 3), gap: null }, '1000-0', null)), ['1001-1', '1002-2', '1003-3'])
  t.same(told(newsOf({ events: events(1, 3), gap: null }, '1002-2', null)), ['1003-3'])
  t.same(told(newsOf({ events: events(1, 3), gap: null }, '1003-3', null)), [])
})

t.test('a gap stands between the events before and after it, once', async (t) => {
  const gap = gapAfter('1005-5', 2)
  const stream = { events: [...events(1, 3), ...events(6, 7)], gap }
  t.same(told(newsOf(stream, '1002-2', null)), ['1003-3', 'gap 2', '1006-6', '1007-7'])
  t.same(told(newsOf(stream, '1006-6', gap)), ['1007-7'])
})

t.test('after a gap that makes known events void, all that follows it is new', async (t) => {
  const gap = gapAfter('1002-2', null)
  t.same(told(newsOf({ events: [...events(1, 2), event(3, 9000)], gap }, '1005-5', null)), ['gap null', '9000-3'])
})

t.test('a stream that came further than it holds says so', async (t) => {
  t.same(newsOf({ events: events(50, 60), gap: null }, '1010-10', null), { kind: 'behind', newest: '1060-60' })
  t.same(told(newsOf({ events: events(11, 12), gap: null }, '1010-10', null)), ['1011-11', '1012-12'])
})
