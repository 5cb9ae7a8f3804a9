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
