import { test } from 'tap'
import { durationMs } from '../../src/definition/duration.ts'
import { isAllowedHost, isForbiddenAddress } from '../../src/execution/http/addresses.ts'

test('durations are counted in milliseconds', async (t) => {
  const durations = { PT5S: 5000, 'PT0.25S': 250, P1DT2H3M4S: 93_784_000, P2W: 1_209_600_000, PT0S: 0 }
  for (const [text, ms] of Object.entries(durations)) t.equal(durationMs(text), ms, text)
  t.equal(durationMs({ days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }), 90_061_001)
  for (const text of ['', 'P', 'PT', 'P1Y', 'P1M', '5s', 'PT5', 'PT-5S']) t.throws(() => durationMs(text), /is no duration/, text)
})

test('hosts are allowed by name, port and domain', async (t) => {
  const allowed = ['example.com', 'Other.org:8080', '*.internal', '[::1]:9000', '127.0.0.1']
  for (const [host, port] of [['example.com', 1], ['EXAMPLE.com.', 443], ['other.org', 8080], ['a.b.internal', 80], ['::1', 9000], ['127.0.0.1', 5]] as const) t.ok(isAllowedHost(host, port, allowed), host)
  for (const [host, port] of [['an.example.com', 1], ['example.com.evil', 1], ['other.org', 80], ['internal', 80], ['notinternal', 80], ['::1', 80], ['127.0.0.2', 5]] as const) t.notOk(isAllowedHost(host, port, allowed), host)
})

test('link-local and metadata addresses are forbidden in every notation', async (t) => {
  for (const address of ['169.254.169.254', '169.254.0.1', '::ffff:169.254.1.1', '::ffff:a9fe:101', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42', '100.100.100.200', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::1']) t.ok(isForbiddenAddress(address), address)
  for (const address of ['127.0.0.1', '10.0.0.1', '169.253.1.1', '::1', '2001:db8::1', 'example.com']) t.notOk(isForbiddenAddress(address), address)
})
