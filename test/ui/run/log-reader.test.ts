import t from 'tap'
import { MAX_ROWS } from '../../../ui/src/run/model/log-window.ts'
import { asItems, createRunModel, lines, settled, texts } from '../../helpers/pages/run-model.ts'
import { createRunService } from '../../helpers/service/run-service.ts'

t.test('events that come while the first page is read are not lost and not doubled', async (t) => {
  const service = createRunService()
  service.append(...lines(3))
  const { model } = createRunModel(t, service)
  const opening = model.open(null)
  await settled()
  const release = service.hold()
  model.receive(asItems(service.append('while reading')))
  release()
  await opening
  t.same(texts(model), ['line 1', 'line 2', 'line 3', 'while reading'])
})

t.test('reading on to the end of the log joins the stream again, without a hole', async (t) => {
  const service = createRunService()
  service.append(...lines(3_000))
  const { model } = createRunModel(t, service)
  await model.open(service.event(100).id)
  model.receive(asItems(service.append('came meanwhile')))
  t.equal(texts(model).at(-1), 'line 1100')
  while (!model.state().reader.isAtEnd) await model.reader.readLater()
  model.receive(asItems(service.append('came after')))
  t.same(texts(model).slice(-3), ['line 3000', 'came meanwhile', 'came after'])
  t.notOk(texts(model).some((text) => text.includes('missing')))
})

t.test('events that are trimmed while reading goes on leave a gap', async (t) => {
  const service = createRunService()
  service.append(...lines(3_000))
  const { model } = createRunModel(t, service)
  await model.open(service.event(100).id)
  service.trim(2_000)
  await model.reader.readLater()
  t.ok(texts(model).includes('900 events are missing here'))
})

t.test('nothing is read while nothing is open', async (t) => {
  const { model } = createRunModel(t, createRunService())
  await model.reader.readAllLater()
  await model.reader.readAllEarlier()
  t.equal(model.log.count, 0)
})

t.test('reading on at both ends of a window that is full leaves no hole and no false gap', async (t) => {
  const service = createRunService()
  service.append(...Array.from({ length: 4_000 }, (_, index) => `${index + 1}${'\n.'.repeat(99)}`))
  const { model } = createRunModel(t, service)
  await model.open(service.event(2_000).id)
  const release = service.hold()
  const reading = Promise.all([model.reader.readEarlier(), model.reader.readLater()])
  release()
  await reading
  const numbers = texts(model).filter((text) => text !== '.').map(Number)
  t.ok(numbers.length > 1_500)
  t.strictSame(numbers.filter((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1), [])
})

t.test('a full window drops the end that nobody looks at', async (t) => {
  const service = createRunService()
  for (let count = 0; count < MAX_ROWS + 5_000; count += 5_000) service.append(...lines(5_000, count + 1))
  const { model } = createRunModel(t, service)
  await model.open(null)
  await model.reader.readAllEarlier()
  t.ok(model.log.count >= MAX_ROWS - 2_000)
  while (model.state().reader.earlier !== 'none') await model.reader.readEarlier()
  t.equal(texts(model)[0], 'line 1')
  t.equal(model.state().reader.isAtEnd, false)
  t.ok(model.log.count <= MAX_ROWS)
})
