import { test } from 'tap'
import { createLineSplitter, type OutputLine } from '../src/lines.ts'

const LIMIT = 8
const RESULT_LIMIT = 20

function split (chunks: Buffer[]): OutputLine[] {
  const splitter = createLineSplitter(LIMIT, { prefix: '::', maxBytes: RESULT_LIMIT })
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
}

const cases: [string, [string, boolean][]][] = [
  ['', []],
  ['\n', [['', false]]],
  ['a', [['a', false]]],
  ['a\nb\r\nc\rd\n', [['a', false], ['b', false], ['c\rd', false]]],
  ['12345678\n', [['12345678', false]]],
  ['123456789\n', [['12345678', true], ['9', false]]],
  ['12345678\r\n', [['12345678', false]]],
  ['1234567ä\n', [['1234567', true], ['ä', false]]],
  ['12345🎉🎉🎉', [['12345', true], ['🎉🎉', true], ['🎉', false]]],
  ['::345678901234567890\n', [['::345678901234567890', false]]],
  ['::3456789012345678901\n', [['::345678901234567890', true], ['1', false]]]
]

test('lines are the same wherever the output is cut into chunks', (t) => {
  for (const [text, expected] of cases) {
    const bytes = Buffer.from(text)
    for (let cut = 0; cut <= bytes.length; cut++) {
      const lines = split([bytes.subarray(0, cut), bytes.subarray(cut)])
      t.same(lines.map((line) => [line.text, line.cut]), expected, `${JSON.stringify(text)} cut at ${cut}`)
    }
    t.same(split(Array.from(bytes, (byte) => Buffer.of(byte))).map((line) => [line.text, line.cut]), expected, `${JSON.stringify(text)} byte by byte`)
  }
  t.end()
})

test('a line without a limit waits for its end', (t) => {
  const splitter = createLineSplitter(Infinity)
  t.same(splitter.push(Buffer.from('one\ntwö')), [{ text: 'one', cut: false }])
  t.equal(splitter.waiting, 4)
  t.same(splitter.end(), [{ text: 'twö', cut: false }])
  t.equal(splitter.waiting, 0)
  t.end()
})

test('bytes that are not UTF-8 are replaced and never stop a line from being cut', (t) => {
  t.same(split([Buffer.alloc(20, 0x80)]).map((line) => line.text), ['\ufffd'.repeat(8), '\ufffd'.repeat(8), '\ufffd'.repeat(4)])
  t.end()
})

test('a part of a line is given once, and the rest continues it', (t) => {
  const splitter = createLineSplitter(LIMIT, { prefix: '::', maxBytes: RESULT_LIMIT }, true)
  t.same(splitter.part(), [])
  t.same(splitter.push(Buffer.from('a')), [])
  t.same(splitter.part(), [{ text: 'a', cut: true }])
  t.same(splitter.part(), [])
  t.same(splitter.push(Buffer.from('bä').subarray(0, 2)), [])
  t.same(splitter.part(), [{ text: 'b', cut: true, continues: true }], 'half a character waits')
  t.same(splitter.push(Buffer.from('bä\nc\n').subarray(2)), [{ text: 'ä', cut: false, continues: true }, { text: 'c', cut: false }])
  t.equal(splitter.waiting, 0)
  t.end()
})

test('a rest in which there is nothing to see is left out, and an empty line is not', (t) => {
  for (const rest of ['\n', '\r\n', '\u001b[0m\n']) {
    const splitter = createLineSplitter(Infinity, undefined, true)
    splitter.push(Buffer.from('name? '))
    t.same(splitter.part(), [{ text: 'name? ', cut: true }])
    t.same(splitter.push(Buffer.from(`${rest}\nend`)), [{ text: '', cut: false }])
    t.same(splitter.end(), [{ text: 'end', cut: false }])
  }
  t.end()
})

test('nothing that can be seen, and no beginning of a longer line, is no part', (t) => {
  for (const text of [' ', '\u001b[?25l', '\r', '::12']) {
    const splitter = createLineSplitter(LIMIT, { prefix: '::', maxBytes: RESULT_LIMIT }, true)
    splitter.push(Buffer.from(text))
    t.same(splitter.part(), [], JSON.stringify(text))
  }
  t.end()
})

test('of a redrawn line the newest state is given, and each state once', (t) => {
  for (const [first, second, third] of [['\r1%', '\r2%', '\r3%'], ['1%\r', '2%\r', '3%\r']] as const) {
    const splitter = createLineSplitter(LIMIT, undefined, true)
    splitter.push(Buffer.from(first + second))
    t.ok(splitter.redrawn)
    t.same(splitter.part(), [{ text: '2%', cut: false }])
    t.same(splitter.part(), [])
    splitter.push(Buffer.from(third))
    t.same(splitter.part(), [{ text: '3%', cut: false }])
    t.same(splitter.push(Buffer.from('\nend\n')), [{ text: 'end', cut: false }], 'the last state is known')
    t.notOk(splitter.redrawn)
  }
  const splitter = createLineSplitter(LIMIT, undefined, true)
  t.same(splitter.push(Buffer.from('10%\r20%\r100%\r\n')), [{ text: '100%', cut: false }])
  t.end()
})
