import t from 'tap'
import { ApiError } from '../../../ui/src/api/api-error.ts'
import { loginCode, loginProblem } from '../../../ui/src/login/login-problem.ts'

t.test('a problem is told in plain words', async (t) => {
  t.match(loginProblem(new ApiError(401, 'login_code_invalid', 'x')), 'npx runcast login')
  t.match(loginProblem(new ApiError(0, 'unreachable', 'x')), 'Is it running?')
  t.equal(loginProblem(new ApiError(403, 'cross_site', 'Not from here.')), 'The service refused this: Not from here.')
  t.equal(loginProblem(new TypeError('odd')), 'Signing in failed: odd')
})

t.test('a login code is read from the fragment only', async (t) => {
  t.equal(loginCode('#code=abc-DEF'), 'abc-DEF')
  t.equal(loginCode('#code='), null)
  t.equal(loginCode('#other=1'), null)
  t.equal(loginCode(''), null)
})
