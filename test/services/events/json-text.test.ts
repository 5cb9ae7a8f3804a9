import t from 'tap'
import { compactText, JsonTextError, scanValue, skipSpace, walkArray, walkObject } from '../../../services/events/json-text.ts'

/** Numbers from 0 up to 1, the same for the same seed. */
function randomFrom (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A random JSON value twice: with white space scattered outside strings, and without. */
function randomJson (random: () => number, depth: number): { spaced: string, compact: string } {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T
  const space = () => random() < 0.3 ? pick([' ', '\n', '\t', '\r\n', '   ']) : ''
  const scalar = () => pick([
    '0', '-1.5e+10', '1152921504606846976', '1e400', 'true', 'false', 'null', '""', '"\\ud800"', '"\\\\"', '"\\\\\\""',
    '"a b\\n c"', '"{[,:"', '"}]"', '"é\u2028🙂"', '"\\u005c"', '"__proto__"'
  ])
  const kind = depth === 0 ? 0 : random()
  if (kind < 0.4) {
    const text = scalar()
    return { spaced: text, compact: text }
  }
  const isArray = kind < 0.7
  const items = Array.from({ length: Math.floor(random() * 5) }, () => {
    const value = randomJson(random, depth - 1)
    if (isArray) return value
    const name = pick(['"a"', '"a"', '"\\""', '"__proto__"', '" "', '"p\\u0061"'])
    return { spaced: `${name}${space()}:${space()}${value.spaced}`, compact: `${name}:${value.compact}` }
  })
  const [open, close] = isArray ? ['[', ']'] : ['{', '}']
  return {
    spaced: `${open}${space()}${items.map(({ spaced }) => spaced).join(`${space()},${space()}`)}${space()}${close}`,
    compact: `${open}${items.map(({ compact }) => compact).join(',')}${close}`
  }
}

t.test('any JSON value comes out as its own text without white space outside strings', async (t) => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))
  t.comment(`SEED=${seed}`)
  const random = randomFrom(seed)
  for (let round = 0; round < 3_000; round++) {
    const { spaced, compact } = randomJson(random, 6)
    JSON.parse(spaced)
    const value = scanValue(`[${spaced}  , 1]`, 1, 64)
    if (value.raw !== spaced || compactText(value) !== compact || value.end !== 1 + spaced.length) {
      t.fail('the text differs', { seed, round, spaced, value })
      return
    }
  }
})

t.test('no text, however broken, gives anything but a value or a JsonTextError', async (t) => {
  const random = randomFrom(7)
  const alphabet = '{}[]",:\\ \n0a\u0000🙂'
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: Math.floor(random() * 12) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
    try {
      const start = skipSpace(text, 0)
      const { raw, end } = scanValue(text, start, 3)
      if (end <= start || end > text.length || raw !== text.slice(start, end)) t.fail('not a part of the text', { text })
    } catch (error) {
      if (!(error instanceof JsonTextError)) throw error
    }
  }
})

function membersOf (text: string, start: number) {
  const members: Array<[name: string, compact: string]> = []
  const end = walkObject(text, start, (name, at) => {
    const value = scanValue(text, at, 64)
    members.push([name, compactText(value)])
    return value.end
  })
  return { members, end }
}

t.test('an object is taken apart into its members, in order, duplicates and all', async (t) => {
  const text = ' { "a" : [1, 2] , "p\\u0061" :"x" ,"a":null}'
  const { members, end } = membersOf(text, 1)
  t.same(members, [['a', '[1,2]'], ['pa', '"x"'], ['a', 'null']])
  t.equal(end, text.length)
  t.same(membersOf('{ }', 0), { members: [], end: 3 })
})

t.test('an array is walked element by element', async (t) => {
  const text = '[ 1 , {"a":[]} ,"x"]'
  const seen: string[] = []
  const end = walkArray(text, 0, (at) => {
    const value = scanValue(text, at, 64)
    seen.push(value.raw)
    return value.end
  })
  t.same(seen, ['1', '{"a":[]}', '"x"'])
  t.equal(end, text.length)
})

t.test('what is no JSON structure is malformed', async (t) => {
  for (const text of ['', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{,}', '{a:1}', '{"a" 1}', '{"a":1 "b":2}', '{"\n":1}', '{"\\x":1}', '{"a":"', '{"a":"\\"}', '{"a":[}']) {
    t.throws(() => membersOf(text, 0), new JsonTextError('malformed'), JSON.stringify(text))
  }
})

t.test('nesting is bounded without recursion', async (t) => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  t.equal(scanValue(nested(64), 0, 64).raw, nested(64))
  t.throws(() => scanValue(nested(65), 0, 64), new JsonTextError('too_deep'))
  t.throws(() => scanValue('{"a":'.repeat(1_000_000), 0, 64), new JsonTextError('too_deep'))
})

t.test('a megabyte of backslashes and quotes is scanned in linear time', async (t) => {
  const text = `"${'\\\\'.repeat(500_000)}${'\\"'.repeat(500_000)}"`
  const start = process.hrtime.bigint()
  t.equal(scanValue(text, 0, 64).end, text.length)
  t.ok(process.hrtime.bigint() - start < 20_000_000_000n)
})
