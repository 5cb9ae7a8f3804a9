import t from 'tap'
import { hasLongNumber, jsonText, parseJson } from '../../../ui/src/json/exact-json.ts'
import { plotOf, plotOfPreviews } from '../../../ui/src/run/model/plots.ts'
import { previewOf, stepsOf, withPreviews, type Preview } from '../../../ui/src/run/model/previews.ts'
import { cellText, compareValues, tableOf } from '../../../ui/src/run/model/records.ts'
import { textOf, viewsOf } from '../../../ui/src/run/model/result-views.ts'
import { treeValue } from '../../../ui/src/run/model/tree-value.ts'

function preview (content: unknown, mediaType: string | null = 'application/json', seq = 1, step = ''): Preview {
  const made = previewOf({ id: `${seq * 1000}-${seq}`, type: 'result_preview', data: { content, step, ...(mediaType === null ? {} : { media_type: mediaType }) } })
  if (made === null) throw new Error('no preview')
  return made
}

const kinds = (content: unknown, mediaType: string | null = 'application/json') => viewsOf(preview(content, mediaType), []).map(({ kind }) => kind)

t.test('each kind of result is shown in the way that suits it best', async (t) => {
  t.same(kinds('# Title', 'text/markdown'), ['markdown', 'text'])
  t.same(kinds({ a: 1 }), ['tree', 'text'])
  t.same(kinds('{"a":1}'), ['tree', 'text'], 'JSON as text is JSON')
  t.same(kinds('{"a":', 'application/vnd.api+json'), ['text'])
  t.same(kinds([{ a: 1 }, { b: 2 }], null), ['table', 'tree', 'text'])
  t.same(kinds([{ epoch: 1, loss: 2 }, { epoch: 2, loss: 1 }]), ['plot', 'table', 'tree', 'text'])
  t.same(kinds('plain', 'text/plain'), ['text'])
  t.same(kinds('<script>alert(1)</script>', 'text/html'), ['text'])
  t.same(kinds(5), ['text'])
})

t.test('an image is an address that loads nothing; any other content is text', async (t) => {
  t.same(viewsOf(preview('iVBO Rw0K\nGgo=', 'image/png'), []), [{ kind: 'image', url: 'data:image/png;base64,iVBORw0KGgo=' }])
  t.same(viewsOf(preview('data:image/png;base64,iVBORw0KGgo=', 'image/png'), []), [{ kind: 'image', url: 'data:image/png;base64,iVBORw0KGgo=' }])
  t.match(viewsOf(preview('<svg onload="alert(1)"/>', 'image/svg+xml'), []), [{ kind: 'image', url: 'data:image/svg+xml,%3Csvg%20onload%3D%22alert(1)%22%2F%3E' }])
  for (const content of ['https://example.com/x.png', 'data:text/html;base64,PHNjcmlwdD4=', 'javascript:alert(1)', { url: 'x' }]) {
    t.notOk(viewsOf(preview(content, 'image/png'), []).some(({ kind }) => kind === 'image'), JSON.stringify(content))
  }
  t.notOk(kinds('aGk=', 'image/x-unknown').includes('image'))
})

t.test('numbers over time, or over another field that orders them, are plotted', async (t) => {
  t.match(plotOf([3, 1, 2]), { xLabel: 'index', isTime: false, x: [0, 1, 2], lines: [{ label: 'value', values: [3, 1, 2] }] })
  t.match(plotOf([{ epoch: 2, loss: 0.5, note: 'x' }, { epoch: 1, loss: 0.9, note: 'y' }]), { xLabel: 'epoch', x: [1, 2], lines: [{ label: 'loss', values: [0.9, 0.5] }] })
  t.match(plotOf([{ Time: '2025-11-24T16:00:00Z', cpu: 1 }, { Time: '2025-11-24T16:00:10Z', cpu: null }, { Time: '2025-11-24T16:00:20Z', cpu: 3 }]),
    { xLabel: 'Time', isTime: true, x: [1764000000, 1764000010, 1764000020], lines: [{ label: 'cpu', values: [1, null, 3] }] })
  t.match(plotOf([[1764000000000, 5], [1764000001000, 6]]), { isTime: true, x: [1764000000, 1764000001], lines: [{ values: [5, 6] }] })
  t.match(plotOf([[1, 5, 7], [2, 6, 8]]), { lines: [{ label: 'value 1', values: [5, 6] }, { label: 'value 2', values: [7, 8] }] })
  t.match(plotOf({ step: [1, 2], loss: [3, 4] }), { xLabel: 'step', x: [1, 2], lines: [{ label: 'loss', values: [3, 4] }] })
})

t.test('values without an order or without numbers are not plotted', async (t) => {
  for (const content of [[1], ['a', 'b'], [{ name: 'a', size: 1 }, { name: 'b', size: 2 }], [{ time: 'x', a: 1 }, { time: 'y', a: 2 }], [{ step: 1, a: 'x' }, { step: 2, a: 'y' }], [[1, 2], [1]], { a: [1, 2], b: 3 }, {}, null, 'text']) {
    t.equal(plotOf(content), null, JSON.stringify(content))
  }
})

t.test('numbers of successive results are plotted over their time', async (t) => {
  t.equal(plotOfPreviews([preview(1)]), null)
  t.match(plotOfPreviews([preview(1), preview(3, null, 2)]), { isTime: true, x: [1, 2], lines: [{ label: 'value', values: [1, 3] }] })
  t.match(plotOfPreviews([preview({ loss: 1, phase: 'a' }), preview({ loss: 0.5, phase: 'b' }, null, 2)]), { lines: [{ label: 'loss', values: [1, 0.5] }] })
  t.equal(plotOfPreviews([preview([1]), preview([2])]), null)
})

t.test('an array of records is a table of all of its fields', async (t) => {
  t.match(tableOf([{ a: 1 }, { b: 2, a: 3 }]), { columns: ['a', 'b'], moreColumns: 0 })
  t.match(tableOf([Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`c${index}`, index]))]), { moreColumns: 10 })
  for (const value of [[], [{}], [1], [[1]], [null], { a: 1 }, 'x']) t.equal(tableOf(value), null)
})

t.test('a column is sorted by numbers, then by texts with their numbers', async (t) => {
  t.same([10, 'b', 9, 'a10', 'a9', 10n ** 20n, true].sort(compareValues), [9, 10, 10n ** 20n, 'a9', 'a10', 'b', true])
  t.same([null, undefined, 'x', 1, { a: 1 }].map(cellText), ['', '', 'x', '1', '{"a":1}'])
})

t.test('a tree opens long lists in stretches', async (t) => {
  const short = { list: [1, 2, { a: null }] }
  t.same(treeValue(short), short)
  const long = treeValue(Array.from({ length: 450 }, (_, index) => index))
  t.same(Object.keys(long ?? {}), ['0 … 199', '200 … 399', '400 … 449'])
  const huge = treeValue(Array.from({ length: 100_000 }, () => 0))
  t.ok(Object.keys(huge ?? {}).length <= 200)
})

t.test('results are held once each, in order, the newest when there are too many', async (t) => {
  const [first, second, third] = [preview(1), preview(2, null, 2, 'b'), preview(3, null, 3, 'a')]
  t.same(withPreviews([second], [first, second, third]).map(({ content }) => content), [1, 2, 3])
  t.same(stepsOf([first, second, third]), ['a', 'b', ''])
  const many = Array.from({ length: 600 }, (_, index) => preview(index, null, index + 1))
  t.same([withPreviews([], many).length, withPreviews([], many)[0]?.content], [500, 100])
  const large = preview('x'.repeat(20_000_000), 'text/plain', 9)
  t.same(withPreviews([first], [large]), [large])
  t.equal(previewOf({ id: '1-1', type: 'result_preview', data: { media_type: 'text/plain' } }), null)
  t.equal(previewOf({ id: '1-1', type: 'log', data: { content: 1 } }), null)
})

t.test('long numbers keep their digits where the runtime knows their text', async (t) => {
  const text = '{"big":1152921504606846977,"small":12,"float":0.1}'
  t.ok(hasLongNumber(text))
  const knowsText = JSON.parse('1', (_key, _value, context?: { source?: string }) => context?.source === '1')
  const parsed = parseJson(text)
  t.equal(typeof parsed.big, knowsText === true ? 'bigint' : 'number')
  t.equal(parsed.small, 12)
  t.equal(parsed.float, 0.1)
  t.equal(textOf(preview({ a: [1] })), '{\n  "a": [\n    1\n  ]\n}')
  t.match(jsonText({ big: 5n }), /^\{"big":5\}$/)
})
