import { test } from 'tap'
import { createMask } from '../../src/execution/mask.ts'
import { seededRandom } from '../support/random.ts'

const SECRET = 'pa$s/w+rd&"4711"\nsecond line'

test('a secret is masked in each of its forms', async (t) => {
  const { text } = createMask({ KEY: SECRET })
  for (const form of [SECRET, encodeURIComponent(SECRET), new URLSearchParams({ key: SECRET }).toString(), JSON.stringify(SECRET), encodeURIComponent(SECRET).toLowerCase()]) {
    t.match(text(`before ${form} after`), /^before (key=|")?\*\*\*"? after$/)
  }
  for (const around of ['', 'x', 'xy', 'xyz']) {
    for (const encoding of ['base64', 'base64url'] as const) {
      const shown = text(Buffer.from(`${around}${SECRET}${around}`).toString(encoding))
      t.match(shown, /^.{0,5}\*\*\*.{0,7}$/, `${encoding} after ${around.length} bytes`)
    }
  }
})

test('a secret is masked however it is URL-encoded', async (t) => {
  const secret = 'p ss/wörd+1€😀'
  const { text, lines } = createMask({ KEY: secret })
  const encoded = (which: (character: string) => boolean, write = (code: string) => code) => [...secret].map((character) => which(character) ? Array.from(Buffer.from(character), (byte) => write(`%${byte.toString(16).padStart(2, '0')}`)).join('') : character).join('')
  const forms = [
    encoded((character) => character !== '/'), encoded(() => true), encoded((character) => character === ' '), encoded((character) => character > '~', (code) => code.toUpperCase()),
    encoded((character) => character !== ' ').replaceAll(' ', '+'), encoded((character) => character === '/'), encoded((character) => character !== 'p')
  ]
  for (const form of forms) {
    t.equal(text(`GET /?key=${form}&100%`), 'GET /?key=***&100%', form)
    for (let cut = 1; cut < form.length; cut += 1) {
      const mask = lines()
      const shown = [...mask.push(`key=${form.slice(0, cut)}`), ...mask.push(`${form.slice(cut)}.`), ...mask.end()].join('|')
      t.match(shown, /^key=(\*\*\*\|\*\*\*|.{1,11}\|\*\*\*|\*\*\*\|)\.$/u, `${form} cut at ${cut}`)
      t.notMatch(shown, /s%?2?F?\/?w/i)
    }
  }
  t.equal(text('100% of a+b'), '100% of a+b')
})

test('values are masked at any depth, names and numbers as well', async (t) => {
  const { value } = createMask({ LOGIN: { user: 'ada', pin: 471_147 }, none: '' })
  t.strictSame(value({ ada: [{ deep: 'is ada here' }, 471_147, 12, true, null] }), { '***': [{ deep: 'is *** here' }, '***', 12, true, null] })
})

test('without secrets everything stays as it is', async (t) => {
  const { text, value, lines } = createMask({})
  t.equal(text('plain'), 'plain')
  t.strictSame(value({ a: 1 }), { a: 1 })
  const mask = lines()
  t.strictSame([...mask.push('plain'), ...mask.end()], ['plain'])
})

test('a line that may begin a secret waits for the next one', async (t) => {
  const mask = createMask({ KEY: 'abcdefghij' }).lines()
  t.strictSame(mask.push('nothing'), ['nothing'])
  t.strictSame(mask.push('it is abcde'), [])
  t.strictSame(mask.push('fghij it was'), ['it is ***', '*** it was'])
  t.strictSame(mask.push('abcd'), [])
  t.strictSame(mask.push('was another word'), ['abcd', 'was another word'])
  t.strictSame(mask.push('it ends with abcdef'), [])
  t.strictSame(mask.end(), ['it ends with abcdef'])
})

test('a secret of several lines is masked line by line', async (t) => {
  const mask = createMask({ KEY: '-----BEGIN KEY-----\nabcdefgh\nijklmnop\n-----END KEY-----\n' }).lines()
  const shown = ['the key is', '-----BEGIN KEY-----', 'abcdefgh', 'ijklmnop', '-----END KEY-----', 'done'].flatMap((line) => mask.push(line))
  t.strictSame([...shown, ...mask.end()], ['the key is', '***', '***', '***', '***', 'done'])
})

test('a text with secrets may be cut into lines anywhere: no more than three letters of a secret show', async (t) => {
  const random = seededRandom(7)
  const secrets = ['correct horse', 'battery/staple']
  for (let round = 0; round < 300; round += 1) {
    const plain = Array.from({ length: 6 }, () => random() < 0.5 ? ' some text ' : secrets[random() < 0.5 ? 0 : 1]).join('')
    const cuts = [...Array.from({ length: 8 }, () => Math.floor(random() * plain.length)), 0, plain.length].sort((one, other) => one - other)
    const lines = cuts.slice(1).map((cut, index) => plain.slice(cuts[index], cut))
    const mask = createMask({ one: secrets[0] ?? '', other: secrets[1] ?? '' }).lines()
    const shown = [...lines.flatMap((line) => mask.push(line)), ...mask.end()]
    t.equal(shown.length, lines.length)
    const joined = shown.join('')
    for (const secret of secrets) {
      for (let start = 0; start + 4 <= secret.length; start += 1) {
        if (joined.includes(secret.slice(start, start + 4))) t.fail(`${secret.slice(start, start + 4)} shows in ${JSON.stringify(shown)}`)
      }
    }
  }
})
