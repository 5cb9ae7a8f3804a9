import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const ROOT = new URL('../../', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, ROOT), 'utf8')

/** The titles of the tests that a file has; … stands for what is put in when they run. */
function titlesIn (file: string): string[] {
  const literals = read(file).matchAll(/\btest\((?:'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)/g)
  return [...literals].map(([, plain = '', template = '']) => (plain === '' ? template : plain).replaceAll(/\\(.)/g, '$1').replaceAll(/\$\{[^}]*\}/g, '…'))
}

/** Tells if a title in the documentation names this test. */
function isTitle (named: string, title: string): boolean {
  const pattern = title.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')
  return new RegExp(`^${pattern}$`).test(named)
}

const named = [...read('docs/guarantees.md').matchAll(/`(test\/[\w./-]+\.ts)`: \*([^*]+)\*/g)].map(([, file = '', title = '']) => ({ file, title }))

t.test('every test that the guarantees name is there', async (t) => {
  t.ok(named.length > 40)
  for (const { file, title } of named) {
    t.ok(existsSync(new URL(file, ROOT)) && titlesIn(file).some((own) => isTitle(title, own)), `${file}: ${title}`)
  }
})

t.test('every test of faults is named by the guarantees', async (t) => {
  const files = readdirSync(new URL('test/faults', ROOT)).filter((name) => name.endsWith('.test.ts')).map((name) => `test/faults/${name}`)
  t.ok(files.length > 15)
  for (const file of files) {
    for (const own of titlesIn(file)) t.ok(named.some(({ file: where, title }) => where === file && isTitle(title, own)), `${file}: ${own}`)
  }
})
