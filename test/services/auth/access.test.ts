import t from 'tap'
import { accessOf, readClaims } from '../../../services/auth/access.ts'

const good = { sub: 'ada', exp: 2_000_000_000 }

t.test('the claims that the service reads are taken, and nothing else', async (t) => {
  t.strictSame(readClaims({ ...good, email: 'ada@example.com', iat: 1 }), good)
  const full = { ...good, scope: 'runs:read', run_ids: ['a', 'b-*'], tenant: 'acme' }
  t.strictSame(readClaims(full), full)
})

t.test('claims of a wrong shape are refused', async (t) => {
  const wrong: unknown[] = [
    null, 'text', 5, [], [good], {},
    { sub: 'ada' }, { exp: 2_000_000_000 },
    { ...good, sub: '' }, { ...good, sub: 5 }, { ...good, sub: 'a'.repeat(257) },
    { ...good, exp: '2000000000' }, { ...good, exp: Infinity }, { ...good, exp: -1 }, { ...good, exp: 2_000_000_000_000 },
    { ...good, scope: ['runs:read'] }, { ...good, scope: null },
    { ...good, run_ids: 'build-1' }, { ...good, run_ids: [5] }, { ...good, run_ids: [''] },
    { ...good, tenant: '' }, { ...good, tenant: 'a b' }, { ...good, tenant: 'a}b' }, { ...good, tenant: 'a\nb' }, { ...good, tenant: 5 },
    { ...good, development_login: 'yes' }
  ]
  for (const payload of wrong) t.equal(readClaims(payload), null, JSON.stringify(payload))
})

t.test('claims can not be put in through the prototype', async (t) => {
  const payload: unknown = JSON.parse('{"__proto__":{"sub":"mallory","exp":2000000000,"scope":"runs:admin"}}')
  t.equal(readClaims(payload), null)
  const half: unknown = JSON.parse('{"sub":"ada","exp":2000000000,"__proto__":{"scope":"runs:admin"}}')
  t.strictSame(readClaims(half), good)
})

t.test('access names the caller, the scopes and the end of the credentials', async (t) => {
  const access = accessOf({ ...good, scope: 'openid runs:read', tenant: 'acme' }, 'bearer')
  t.equal(access.subject, 'ada')
  t.equal(access.tenant, 'acme')
  t.equal(access.expiresAt, 2_000_000_000_000)
  t.equal(access.via, 'bearer')
  t.strictSame([...access.scopes], ['runs:read'])
  t.equal(access.allows('any'), true)
})

t.test('runs:admin includes the other scopes, and no scope permits nothing', async (t) => {
  t.strictSame([...accessOf({ ...good, scope: 'runs:admin' }, 'cookie').scopes], ['runs:read', 'runs:write', 'runs:admin', 'workflows:run'])
  t.equal(accessOf(good, 'cookie').scopes.size, 0)
  t.equal(accessOf({ ...good, scope: 'RUNS:READ runs:reader' }, 'cookie').scopes.size, 0)
  t.equal(accessOf(good, 'cookie').tenant, '')
})

t.test('run_ids decide which runs are allowed', async (t) => {
  const access = accessOf({ ...good, run_ids: ['a', 'b-*'] }, 'bearer')
  t.strictSame(['a', 'b-1', 'c'].map(access.allows), [true, true, false])
})
