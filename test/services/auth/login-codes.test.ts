import t from 'tap'
import { createLoginCodes, LOCAL_GRANT, LOGIN_CODE_TTL_MS } from '../../../services/auth/login-codes.ts'

t.test('a login code is good once, and gives the grant that it was made for', async (t) => {
  const codes = createLoginCodes()
  const grant = { sub: 'ada', scope: 'runs:read' }
  const { code } = await codes.create(grant)
  const other = await codes.create(LOCAL_GRANT)
  t.match(code, /^[A-Za-z0-9_-]{22}$/)
  t.not(code, other.code)
  t.strictSame(await codes.redeem(code), grant)
  t.equal(await codes.redeem(code), null)
  t.strictSame(await codes.redeem(other.code), LOCAL_GRANT)
})

t.test('a login code is good for ten minutes', async (t) => {
  let now = 1_000_000
  const codes = createLoginCodes(() => now)
  const early = await codes.create(LOCAL_GRANT)
  const late = await codes.create(LOCAL_GRANT)
  t.equal(early.expiresAt, now + 600_000)
  now += LOGIN_CODE_TTL_MS - 1
  t.strictSame(await codes.redeem(early.code), LOCAL_GRANT)
  now += 1
  t.equal(await codes.redeem(late.code), null)
})

t.test('an unknown code gives nothing', async (t) => {
  const codes = createLoginCodes()
  await codes.create(LOCAL_GRANT)
  for (const code of ['', 'a', 'A'.repeat(22), '__proto__']) t.equal(await codes.redeem(code), null)
})
