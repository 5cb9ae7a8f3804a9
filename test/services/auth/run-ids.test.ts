import t from 'tap'
import { runIdMatcher } from '../../../services/auth/run-ids.ts'

t.test('an exact run id allows that run alone', async (t) => {
  const allows = runIdMatcher(['build-1', 'build-2'])
  t.equal(allows('build-1'), true)
  t.equal(allows('build-2'), true)
  t.equal(allows('build-12'), false)
  t.equal(allows('BUILD-1'), false)
  t.equal(allows(''), false)
})

t.test('an empty list allows nothing', async (t) => {
  t.equal(runIdMatcher([])('build-1'), false)
})

t.test('in a glob * stands for any characters, also none, and nothing else is special', async (t) => {
  const rows: Array<[glob: string, runId: string, allowed: boolean]> = [
    ['*', 'anything', true],
    ['**', 'anything', true],
    ['build-*', 'build-', true],
    ['build-*', 'build-1', true],
    ['build-*', 'a-build-1', false],
    ['*-nightly', 'main-nightly', true],
    ['*-nightly', 'main-nightly-2', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'acb', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*ab*ab*', 'xabx', false],
    ['*ab*ab*', 'abab', true],
    ['a*bc*c', 'abc', false],
    ['a.c*', 'abc', false],
    ['a.c*', 'a.c1', true],
    ['[ab]*', 'a1', false],
    ['a?*', 'ab', false]
  ]
  for (const [glob, runId, allowed] of rows) t.equal(runIdMatcher([glob])(runId), allowed, `${glob} ${runId}`)
})

t.test('a random glob agrees with the regular expression that it means', async (t) => {
  let state = 42
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor(state / 2_147_483_648 * below)
  }
  const word = (letters: string, length: number) => Array.from({ length }, () => letters[random(letters.length)]).join('')
  for (let round = 0; round < 20_000; round += 1) {
    const glob = word('ab*', 1 + random(6))
    const runId = word('ab', random(7))
    const expected = new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(runId)
    if (runIdMatcher([glob])(runId) !== expected) t.fail(`${glob} ${runId}`)
  }
})

t.test('a glob made to be slow is answered at once', async (t) => {
  t.equal(runIdMatcher([`${'a*'.repeat(4_000)}b`])('a'.repeat(200)), false)
  t.equal(runIdMatcher([`${'*a'.repeat(100)}*b`])('a'.repeat(200)), false)
})
