import t from 'tap'
import { terminalLines } from '../../../ui/src/format/terminal-text.ts'

const texts = (message: string) => terminalLines(message).map((line) => line.text)

t.test('a plain message is divided into its lines', async (t) => {
  t.same(texts('one'), ['one'])
  t.same(texts('one\ntwo\n'), ['one', 'two'])
  t.same(texts('one\r\ntwo'), ['one', 'two'])
  t.same(texts(''), [''])
  t.same(texts('a\tb'), ['a\tb'])
})

t.test('colours hold until they are reset, also over the end of a line', async (t) => {
  const [first, second] = terminalLines('a \u001b[31mred\nstill\u001b[0m plain')
  t.equal(first?.text, 'a red')
  t.same(first?.spans?.map(({ text, style }) => [text, style?.color ?? null]), [['a ', null], ['red', { kind: 'named', index: 1 }]])
  t.same(second?.spans?.map(({ text, style }) => [text, style?.color ?? null]), [['still', { kind: 'named', index: 1 }], [' plain', null]])
})

t.test('bright, palette and exact colours and weights are read', async (t) => {
  const style = (codes: string) => terminalLines(`\u001b[${codes}mx`)[0]?.spans?.[0]?.style
  t.match(style('92'), { color: { kind: 'named', index: 10 } })
  t.match(style('38;5;196'), { color: { kind: 'rgb', rgb: [255, 0, 0] } })
  t.match(style('38;5;244'), { color: { kind: 'rgb', rgb: [128, 128, 128] } })
  t.match(style('38;2;1;2;3'), { color: { kind: 'rgb', rgb: [1, 2, 3] } })
  t.match(style('38:2:1:2:3'), { color: { kind: 'rgb', rgb: [1, 2, 3] } })
  t.match(style('44'), { background: { kind: 'named', index: 4 } })
  t.match(style('1;3;4;9;2'), { bold: true, italic: true, underline: true, strikethrough: true, dim: true })
})

t.test('text that an escape would hide is shown', async (t) => {
  t.same(texts('a\u001b[8msecret'), ['asecret'])
  t.equal(terminalLines('\u001b[8msecret')[0]?.spans, null)
})

t.test('escapes that move, erase, name a window or make a link have no effect', async (t) => {
  t.same(texts('a\u001b[2Jb\u001b[10;10Hc\u001b[?25ld'), ['abcd'])
  t.same(texts('\u001b]0;title\u0007a'), ['a'])
  t.same(texts('\u001b]8;;javascript:alert(1)\u001b\\link\u001b]8;;\u001b\\'), ['link'])
  t.same(texts('\u001bPq#0\u001b\\a\u001bcb\u001b(Bc'), ['abc'])
  t.same(texts('\u009b31mred'), ['red'])
  t.same(texts('cut \u001b['), ['cut '])
  t.same(texts('\u001b]0;never ended\nnext'), ['', 'next'])
})

t.test('other control characters are shown as symbols', async (t) => {
  t.same(texts('a\u0000b\u0008c\u007f'), ['a␀b␈c␡'])
  t.same(texts('a\u202eb'), ['a\ufffdb'])
})

t.test('a line that starts over shows its last text, in the style set before', async (t) => {
  t.same(texts('10%\r50%\r100%'), ['100%'])
  t.same(texts('10%\r50%\r\nnext'), ['50%', 'next'])
  t.match(terminalLines('\u001b[32m10%\r20%')[0]?.spans, [{ text: '20%', style: { color: { kind: 'named', index: 2 } } }])
})

t.test('a message made of nothing but styles is shown plain, and at once', async (t) => {
  const started = performance.now()
  const lines = terminalLines('\u001b[1mx'.repeat(60_000))
  t.equal(lines[0]?.text.length, 60_000)
  t.equal(lines[0]?.spans, null)
  t.ok(performance.now() - started < 10_000)
})

t.test('HTML is text like any other', async (t) => {
  t.same(texts('<img src=x onerror=alert(1)>'), ['<img src=x onerror=alert(1)>'])
})
