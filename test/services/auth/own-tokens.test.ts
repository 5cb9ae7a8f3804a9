import t from 'tap'
import { OwnTokens } from '../../../services/auth/own-tokens.ts'

const grant = { sub: 'engine', scope: 'runs:write', tenant: 'acme' }

t.test('a token stands for what it was issued for, and no other does', async (t) => {
  const tokens = new OwnTokens(() => 1_000_000)
  const token = tokens.issue(grant)
  t.same(tokens.get(token), { ...grant, exp: 1_600 })
  t.equal(tokens.get(`${token}x`), undefined)
  t.equal(tokens.get(''), undefined)
  t.equal(new OwnTokens().get(token), undefined, 'another process does not know it')
  t.not(tokens.issue(grant), token)
})

t.test('a token whose time is over is forgotten when another is issued', async (t) => {
  let now = 1_000_000
  const tokens = new OwnTokens(() => now)
  const token = tokens.issue(grant)
  now += 600_000
  const next = tokens.issue(grant)
  t.equal(tokens.get(token), undefined)
  t.match(tokens.get(next), { exp: 2_200 })
})
