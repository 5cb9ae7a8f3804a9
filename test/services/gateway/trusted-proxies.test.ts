import t from 'tap'
import { trustedProxies } from '../../../services/gateway/trusted-proxies.ts'

t.test('all, none, or the addresses and ranges that are listed', async (t) => {
  t.equal(trustedProxies(true)('192.0.2.1'), true)
  t.equal(trustedProxies(false)('127.0.0.1'), false)
  const isTrusted = trustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', 'loopback'])
  for (const address of ['10.1.2.3', '192.0.2.7', '2001:db8::1', '127.0.0.1', '::1', '::ffff:10.1.2.3']) t.equal(isTrusted(address), true, address)
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '169.254.0.1', '::ffff:11.0.0.1', 'nonsense', '']) t.equal(isTrusted(address), false, address)
  t.equal(isTrusted(undefined), false)
  t.equal(trustedProxies(['linklocal'])('169.254.9.9'), true)
  t.equal(trustedProxies(['uniquelocal'])('192.168.1.1'), true)
  t.equal(trustedProxies([])('127.0.0.1'), false)
})
