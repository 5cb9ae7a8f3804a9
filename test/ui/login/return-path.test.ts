import t from 'tap'
import { returnPath } from '../../../ui/src/login/return-path.ts'
import { loginPath } from '../../../ui/src/shell/links.ts'

t.test('the login page leads back to the page that the person wanted', async (t) => {
  for (const path of ['/', '/runs/build-4711', '/?status=failed&q=a%20b', '/runs/a#line-12']) {
    t.equal(returnPath(new URL(loginPath(path), 'http://runcast.test').searchParams.get('next')), path)
  }
  t.equal(loginPath('/'), '/login')
})

t.test('the login page leads to no other site and not to itself', async (t) => {
  for (const wanted of [null, '', 'https://evil.test/', '//evil.test', '/\\evil.test', '/\t/evil.test', 'javascript:alert(1)', 'runs/a', '/login', '/login?next=/x']) {
    t.equal(returnPath(wanted), '/', String(wanted))
  }
  t.equal(returnPath('/logins'), '/logins')
})
