import t from 'tap'
import { LogView } from '../../../ui/src/run/model/log-view.ts'

const LEVELS = ['debug', 'info', 'warning', 'error']

/** Lines of four levels and two steps in turn. */
function events (from: number, to: number) {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const seq = from + index
    return { id: `${1000 + seq}-${seq}`, type: 'log', data: { message: `line ${seq}`, level: LEVELS[seq % 4], step: seq % 2 === 0 ? 'build' : 'build/link' } }
  })
}

function createView () {
  const steps: Array<() => void> = []
  const view = new LogView((step) => steps.push(step))
  const runSteps = () => { for (const step of steps.splice(0)) step() }
  return { view, runSteps }
}

const shown = (view: LogView) => Array.from({ length: view.count }, (_, index) => view.rowAt(index)?.text)

t.test('a filter by level and step holds while the log grows at both ends', async (t) => {
  const { view } = createView()
  view.window.reset('1008-8')
  view.window.append(events(9, 12))
  view.changed()
  view.setFilter({ level: 'warning', step: null })
  t.same(shown(view), ['line 10', 'line 11'])
  view.window.prepend(events(5, 8))
  view.window.append(events(13, 16))
  view.changed()
  t.same(shown(view), ['line 6', 'line 7', 'line 10', 'line 11', 'line 14', 'line 15'])
  view.setFilter({ level: 'trace', step: 'build/link' })
  t.same(shown(view), ['line 5', 'line 7', 'line 9', 'line 11', 'line 13', 'line 15'])
  view.setFilter({ level: 'trace', step: 'build' })
  t.equal(view.count, 12, 'a step has the steps below it')
  view.setFilter({ level: 'trace', step: 'buil' })
  t.equal(view.count, 0)
})

t.test('a gap is shown whatever the filter', async (t) => {
  const { view } = createView()
  view.window.append([...events(1, 1), ...events(5, 5)])
  view.setFilter({ level: 'critical', step: 'deploy' })
  t.same(shown(view), ['3 events are missing here'])
})

t.test('a search counts its hits in any case, among the shown rows, and goes on as lines come', async (t) => {
  const { view } = createView()
  view.window.append(events(1, 20))
  view.setQuery('LINE 1')
  t.equal(view.hitCount, 11)
  view.setFilter({ level: 'error', step: null })
  t.equal(view.hitCount, 3)
  t.equal(view.window.at(view.hitAt(1) ?? -1)?.text, 'line 15')
  view.window.append(events(21, 120))
  view.changed()
  t.equal(view.hitCount, 8)
  t.equal(view.hitsBefore(view.hitAt(2) ?? -1), 2)
  view.setQuery('')
  t.equal(view.hitCount, 0)
})

t.test('a query is no pattern', async (t) => {
  const { view } = createView()
  view.window.append([{ id: '1-1', type: 'log', data: { message: 'a.c (1)' } }, { id: '2-2', type: 'log', data: { message: 'abc 1' } }])
  view.setQuery('a.c (')
  t.equal(view.hitCount, 1)
})

t.test('a long log is searched in turns, the newest lines first', async (t) => {
  const { view, runSteps } = createView()
  view.window.append(events(1, 50_000))
  view.setQuery('line')
  t.equal(view.hitCount, 20_000)
  t.equal(view.isSearching, true)
  t.equal(view.hitAt(0), 30_000)
  runSteps()
  runSteps()
  t.equal(view.hitCount, 50_000)
  t.equal(view.isSearching, false)
})

t.test('nothing that was stored after a moment is shown or hit', async (t) => {
  const { view } = createView()
  view.window.append(events(1, 40))
  view.setQuery('line')
  view.setUntil(1010)
  t.equal(view.count, 10)
  t.equal(view.hitCount, 10)
  view.setFilter({ level: 'error', step: null })
  t.same(shown(view), ['line 3', 'line 7'])
  view.setUntil(0)
  t.equal(view.count, 0)
  t.equal(view.hitCount, 0)
  view.setUntil(null)
  t.equal(view.count, 10)
})

t.test('every change is told', async (t) => {
  const { view } = createView()
  let told = 0
  const unsubscribe = view.subscribe(() => told++)
  const before = view.version()
  view.setFilter({ level: 'error', step: null })
  view.setQuery('x')
  view.changed()
  t.equal(told, 3)
  t.not(view.version(), before)
  unsubscribe()
  view.changed()
  t.equal(told, 3)
})
