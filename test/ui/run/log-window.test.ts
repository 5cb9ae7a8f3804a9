import t from 'tap'
import { LogWindow, MAX_ROWS } from '../../../ui/src/run/model/log-window.ts'

const log = (seq: number, message = `line ${seq}`) => ({ id: `${1000 + seq}-${seq}`, type: 'log', data: { message } })
const logs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => log(from + index))
const texts = (window: LogWindow) => Array.from({ length: window.end - window.start }, (_, index) => window.at(window.start + index)?.text)

t.test('rows keep their places when others come before and after them', async (t) => {
  const window = new LogWindow()
  window.reset('1004-4')
  window.append([log(5, 'five\nfive again'), log(6)])
  const place = window.start
  window.prepend([log(3), log(4)])
  t.same(texts(window), ['line 3', 'line 4', 'five', 'five again', 'line 6'])
  t.equal(window.start, place - 2)
  t.equal(window.at(place)?.text, 'five')
  t.equal(window.before, '1003-3')
  t.equal(window.after, '1006-6')
})

t.test('an event that is there already is left out', async (t) => {
  const window = new LogWindow()
  window.append(logs(1, 3))
  window.append(logs(2, 5))
  t.same(texts(window), ['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
})

t.test('a hole without a gap of the stream is shown', async (t) => {
  const window = new LogWindow()
  window.append([log(1), log(5)])
  t.same(texts(window), ['line 1', '3 events are missing here', 'line 5'])
  window.reset('1007-7')
  window.append([log(9)])
  t.same(texts(window), ['1 event is missing here', 'line 9'])
})

t.test('a gap takes back void events and the log goes on after it', async (t) => {
  const window = new LogWindow()
  window.append(logs(1, 4))
  const { generation } = window
  window.gap('1006-6', 2)
  window.append([log(7)])
  t.same(texts(window).slice(3), ['line 4', '2 events are missing here', 'line 7'])
  t.equal(window.generation, generation)

  window.gap('1002-2', null)
  window.append([{ id: '5000-3', type: 'log', data: { message: 'of another history' } }])
  t.same(texts(window), ['line 1', 'line 2', 'An unknown number of events is missing here', 'of another history'])
  t.not(window.generation, generation)
})

t.test('an event is found by its id', async (t) => {
  const window = new LogWindow()
  window.reset('1001-1')
  window.append([log(2, 'a\nb'), log(3)])
  t.equal(window.placeOf('1003-3'), window.start + 2)
  t.equal(window.placeOf('1002-2'), window.start)
  t.equal(window.placeOf('1009-9'), window.end)
  t.ok(window.has('1003-3'))
  t.notOk(window.has('9999-3'))
  t.notOk(window.has('1001-1'))
})

t.test('a place is never used again', async (t) => {
  const window = new LogWindow()
  window.reset('1002-2')
  window.append([log(3)])
  const place = window.start
  window.reset('1002-2')
  window.append([log(3)])
  t.equal(window.at(place), undefined)
})

t.test('beyond the most rows, whole events are dropped at the far end and can be read again', async (t) => {
  const window = new LogWindow()
  window.append([log(1, Array.from({ length: 20_001 }, () => 'x').join('\n'))])
  t.equal(window.append(logs(2, MAX_ROWS)), true)
  t.equal(window.at(window.start)?.id, '1002-2')
  t.equal(window.before, '1002-2')
  t.equal(window.end, MAX_ROWS + 20_000)

  const backwards = new LogWindow()
  backwards.reset('201000-200000')
  backwards.append([log(200_001), log(200_002)])
  t.equal(backwards.prepend(logs(2, 200_000)), true)
  t.equal(backwards.end - backwards.start, MAX_ROWS + 1 - 20_000)
  t.equal(backwards.after, backwards.at(backwards.end - 1)?.id)
})
