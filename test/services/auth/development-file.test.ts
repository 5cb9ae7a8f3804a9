import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { developmentSecret, noteAddress } from '../../../services/auth/development-file.ts'

t.test('the secret is made once and kept, readable by its owner alone', async (t) => {
  const directory = join(t.testdir(), 'not/there/yet')
  const secret = developmentSecret(directory)
  t.match(secret, /^[A-Za-z0-9_-]{43}$/)
  t.equal(developmentSecret(directory), secret)
  t.equal(statSync(join(directory, 'dev.json')).mode & 0o777, 0o600)
  t.strictSame(readdirSync(directory), ['dev.json'])
})

t.test('the address is noted beside the secret, and other fields stay', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'dev.json')
  const secret = developmentSecret(directory)
  noteAddress(directory, 'http://127.0.0.1:3000', 1)
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), note: 'mine' }))
  noteAddress(directory, 'http://127.0.0.1:3001', 2)
  t.strictSame(JSON.parse(readFileSync(file, 'utf8')), { secret, url: 'http://127.0.0.1:3001', pid: 2, note: 'mine' })
  t.equal(developmentSecret(directory), secret)
})

t.test('a file that others could read is closed to them', async (t) => {
  const directory = t.testdir()
  const file = join(directory, 'dev.json')
  developmentSecret(directory)
  chmodSync(file, 0o644)
  developmentSecret(directory)
  t.equal(statSync(file).mode & 0o777, 0o600)
})

t.test('a broken file or a weak secret is replaced', async (t) => {
  for (const content of ['', '{"secr', 'null', '[]', '{}', '{"secret":5}', '{"secret":"short"}', '{"secret":""}']) {
    const directory = t.testdir({ 'dev.json': content })
    t.match(developmentSecret(directory), /^[A-Za-z0-9_-]{43}$/, content)
  }
})

t.test('a place that can not be written to is an error', async (t) => {
  const directory = t.testdir({ file: '' })
  t.throws(() => developmentSecret(join(directory, 'file/data')))
})
