import t from 'tap'
import { asItems, createRunModel, lines, settled, status, texts } from '../../helpers/pages/run-model.ts'
import { createRunService } from '../../helpers/service/run-service.ts'

t.test('a run opens with its newest two thousand events, and the stream goes on after them', async (t) => {
  const service = createRunService()
  service.append(...lines(5_000))
  const { model } = createRunModel(t, service)
  await model.open(null)
  t.equal(model.state().phase, 'open')
  t.equal(model.state().streamFrom, '6000-5000')
  t.equal(model.log.count, 2_000)
  t.equal(texts(model)[0], 'line 3001')
  t.match(model.state().reader, { earlier: 'more', isAtEnd: true })

  model.receive(asItems(service.append('live')))
  t.equal(texts(model).at(-1), 'live')
  await model.reader.readEarlier()
  t.equal(texts(model)[0], 'line 2001')
  await model.reader.readAllEarlier()
  t.same([texts(model)[0], model.log.count], ['line 1', 5_001])
  t.match(model.state().reader, { earlier: 'none', trimmed: 0 })
})

t.test('an event is brought into view only when the events after it are there, also if the list asks for them first', async (t) => {
  const service = createRunService()
  service.append(...lines(8_000))
  const { model } = createRunModel(t, service)
  await model.open(null)
  let heldAtFocus = 0
  model.log.subscribe(() => { model.reader.readLater() })
  model.subscribe(() => { if (model.state().focus !== null) heldAtFocus ||= model.log.count })
  await model.show('4000-3000')
  t.equal(model.state().focus?.id, '4000-3000')
  t.ok(heldAtFocus >= 1_200, `${heldAtFocus} rows`)
})

t.test('a list that wants more before anything is there does not get it', async (t) => {
  const service = createRunService()
  service.append(...lines(3_000))
  const { model } = createRunModel(t, service)
  await Promise.all([model.reader.readLater(), model.reader.readEarlier(), model.open(null)])
  t.same(service.requests.map(({ after }) => after), [undefined, undefined])
  t.equal(texts(model)[0], 'line 1001')
})

t.test('events before the first that are not kept any more are counted', async (t) => {
  const service = createRunService()
  service.append(...lines(10))
  service.trim(4)
  const { model } = createRunModel(t, service)
  await model.open(null)
  t.match(model.state().reader, { earlier: 'none', trimmed: 4 })
})

t.test('a run that does not exist yet is waited for', async (t) => {
  const service = createRunService()
  const { model } = createRunModel(t, service)
  await model.open(null)
  t.match(model.state(), { phase: 'waiting', streamFrom: '0-0' })
  model.receive(asItems(service.append(status('running', { name: 'Build' }), 'first')))
  t.match(model.state(), { phase: 'open', run: { status: 'running', name: 'Build' } })
  t.same(texts(model), ['Build: running', 'first'])
})

t.test('a failed run opens at its first error, with the events around it', async (t) => {
  const service = createRunService()
  service.append(...lines(8_000), status('failed'))
  service.firstError = service.event(3_000).id
  const { model } = createRunModel(t, service)
  await model.open(null)
  t.equal(model.state().focus?.id, '4000-3000')
  t.equal(texts(model)[0], 'line 2801')
  t.equal(texts(model).at(-1), 'line 4000')
  t.match(model.state().reader, { isAtEnd: false, earlier: 'more' })

  await model.reader.readLater()
  t.equal(texts(model).at(-1), 'line 5000')
  await model.showEnd()
  t.equal(texts(model).at(-1), 'Run: failed')
  t.equal(model.state().reader.isAtEnd, true)
})

t.test('a line that is asked for comes before the first error', async (t) => {
  const service = createRunService()
  service.append(...lines(100), status('failed'))
  service.firstError = service.event(50).id
  const { model } = createRunModel(t, service)
  await model.open(service.event(20).id)
  t.equal(model.state().focus?.id, '1020-20')
  t.equal(model.log.count, 101)
  t.equal(model.state().reader.isAtEnd, true)
})

t.test('a gap of the stream is shown, and the state of the run is read again', async (t) => {
  const service = createRunService()
  service.append(status('running'), ...lines(3))
  const { model } = createRunModel(t, service)
  await model.open(null)
  service.append(...lines(5, 4), status('paused'), 'after')
  model.receive([{ kind: 'gap', resumedAfter: service.event(10).id, lost: 6 }, ...asItems([service.event(11)])])
  await settled()
  t.same(texts(model).slice(-2), ['6 events are missing here', 'after'])
  t.equal(model.state().run.status, 'paused')
})

t.test('results that a gap makes void are not shown any more', async (t) => {
  const service = createRunService()
  const result = (content: string) => ({ type: 'result_preview', data: { content, final: true } })
  service.append(status('running'), result('kept'), result('void'))
  const { model } = createRunModel(t, service)
  await model.open(null)
  const contents = () => model.state().previews.map(({ content }) => content)
  t.same(contents(), ['kept', 'void'])
  model.receive([
    ...asItems([{ id: '1004-4', ...result('void as well') }]),
    { kind: 'gap', resumedAfter: '1002-2', lost: null },
    ...asItems([{ id: '2003-3', ...result('other') }])
  ])
  t.same(contents(), ['kept', 'other'])
})

t.test('the outcome of a reconnect is told', async (t) => {
  const service = createRunService()
  service.append(...lines(10))
  const { model } = createRunModel(t, service)
  await model.open(null)
  model.connectionLost()
  const missed = service.append(...lines(5, 11))
  model.receive(asItems(missed.slice(0, 2)))
  model.connectionBack()
  await settled()
  t.equal(model.state().checked, null, 'not all that there is has come yet')
  model.receive(asItems(missed.slice(2)))
  t.same(model.state().checked, { missed: 0, events: 15 })

  model.connectionLost()
  service.append(...lines(5, 16))
  model.receive([{ kind: 'gap', resumedAfter: service.event(19).id, lost: 4 }, ...asItems([service.event(20)])])
  model.connectionBack()
  await settled()
  t.same(model.state().checked, { missed: 4, events: 20 })
})

t.test('a state that was read before the last events came does not take them back', async (t) => {
  const service = createRunService()
  service.append(status('running'))
  const { model } = createRunModel(t, service)
  await model.open(null)
  model.connectionLost()
  model.connectionBack()
  model.receive([{ kind: 'event', event: { id: '1002-2', type: 'status_change', data: { status: 'succeeded' } } }])
  await settled()
  t.match(model.state().run, { status: 'succeeded', terminal: true, finishedAt: 1002 })
})

t.test('a quiet run is asked for now and then, one with events or an end is not', async (t) => {
  const service = createRunService()
  service.append(status('running'))
  let asked = 0
  const { model } = createRunModel(t, { ...service, getRun: (signal) => { asked++; return service.getRun(signal) } })
  await model.open(null)
  model.refresh()
  t.equal(asked, 1, 'it has just been opened')
  model.refresh()
  t.equal(asked, 2)
  await settled()
  model.receive(asItems(service.append('live')))
  model.refresh()
  t.equal(asked, 2)
  model.receive(asItems(service.append(status('succeeded'))))
  model.refresh()
  model.refresh()
  t.equal(asked, 2)
})

t.test('the end of the stream ends the run, whatever its last status is called', async (t) => {
  const service = createRunService()
  service.append(status('gone'))
  const { model } = createRunModel(t, service)
  await model.open(null)
  model.end('gone')
  t.match(model.state().run, { status: 'gone', terminal: true, finishedAt: 1001 })
})

t.test('a service that does not answer is asked again; one that refuses is not', async (t) => {
  const service = createRunService()
  service.append('line')
  service.fail(503)
  const { model, runSteps } = createRunModel(t, service)
  await model.open(null)
  t.match(model.state(), { phase: 'opening', problem: { status: 503 } })
  service.fail(null)
  runSteps()
  await settled()
  t.match(model.state(), { phase: 'open', problem: null })

  for (const status of [400, 403]) {
    const refusing = createRunService()
    refusing.fail(status)
    const { model: refused } = createRunModel(t, refusing)
    await refused.open(null)
    t.match(refused.state(), { phase: 'refused', problem: { status } })
  }
})

t.test('a page that could not be read is a problem, and is read again when asked', async (t) => {
  const service = createRunService()
  service.append(...lines(5_000))
  const { model } = createRunModel(t, service)
  await model.open(null)
  service.fail(500)
  await model.reader.readEarlier()
  await model.reader.readEarlier()
  t.match(model.state().reader, { earlier: 'more', problem: 'The service can not be reached.' })
  const asked = service.requests.length
  service.fail(null)
  await model.reader.retry()
  t.match(model.state().reader, { earlier: 'more', problem: null })
  t.equal(model.log.count, 3_000)
  t.equal(service.requests.length, asked + 1)
})

t.test('the end is read anew when more came than could be taken in', async (t) => {
  const service = createRunService()
  service.append(...lines(10))
  const { model } = createRunModel(t, service)
  await model.open(null)
  service.append(...lines(30_000, 11))
  await model.fallBehind(service.event(30_010).id)
  t.match(model.state(), { timesBehind: 1, newest: '31010-30010', reader: { isAtEnd: false } })
  await model.showEnd()
  t.same([texts(model).at(-1), model.log.count], ['line 30010', 2_000])
})

t.test('results from before the first page are read, the newest', async (t) => {
  const service = createRunService()
  service.append({ type: 'result_preview', data: { content: 1 } }, ...lines(4_000), { type: 'result_preview', data: { content: 2, step: 'build' } })
  const { model } = createRunModel(t, service)
  await model.open(null)
  t.same(model.state().previews.map(({ content, step }) => [content, step]), [[1, ''], [2, 'build']])
  model.receive(asItems(service.append({ type: 'result_preview', data: { content: 3, media_type: 'Text/Plain; charset=utf-8', final: true } })))
  t.match(model.state().previews.at(-1), { content: 3, mediaType: 'text/plain', isFinal: true })
})
