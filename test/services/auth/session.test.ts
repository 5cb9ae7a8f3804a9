import t from 'tap'
import { developmentSession, fitsCookie, sessionCookie } from '../../../services/auth/session.ts'

t.test('on https the cookie is bound to the host, else it is named by the port', async (t) => {
  t.strictSame(sessionCookie('https', null, ''), { name: '__Host-runcast', options: { httpOnly: true, sameSite: 'lax', path: '/', secure: true } })
  t.strictSame(sessionCookie('http', 3000, ''), { name: 'runcast_3000', options: { httpOnly: true, sameSite: 'lax', path: '/', secure: false } })
  t.equal(sessionCookie('http', null, '').name, 'runcast_80')
})

t.test('behind the path of a shared host the cookie belongs to that path', async (t) => {
  t.strictSame(sessionCookie('https', null, '/runcast'), { name: '__Secure-runcast', options: { httpOnly: true, sameSite: 'lax', path: '/runcast', secure: true } })
  t.match(sessionCookie('http', 8080, '/a/b'), { name: 'runcast_8080', options: { path: '/a/b', secure: false } })
})

t.test('a cookie fits when browsers would keep it', async (t) => {
  t.equal(fitsCookie('name', 'x'.repeat(4092)), true)
  t.equal(fitsCookie('name', 'x'.repeat(4093)), false)
})

t.test('a development session lasts 24 hours and has the rights it was granted', async (t) => {
  t.strictSame(developmentSession({ sub: 'ada', scope: 'runs:read', tenant: 'acme' }, 1_000_999), {
    sub: 'ada', scope: 'runs:read', tenant: 'acme', exp: 1_000 + 86_400, development_login: true
  })
})
