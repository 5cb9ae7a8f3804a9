import t from 'tap'
import { createBasePaths, isOwnAddress, readBasePath } from '../../../services/gateway/base-paths.ts'

const GATEWAY = '127.0.0.1'
const isTrusted = (address: string | undefined) => address === GATEWAY
const from = (url: string, prefix?: string, remoteAddress = GATEWAY) =>
  ({ url, headers: prefix === undefined ? {} : { 'x-forwarded-prefix': prefix }, socket: { remoteAddress } })

t.test('a base path has segments of safe characters', async (t) => {
  t.equal(readBasePath('/runcast'), '/runcast')
  t.equal(readBasePath('/team_a/run-cast.v2/'), '/team_a/run-cast.v2')
  t.equal(readBasePath('/'), '')
  t.equal(readBasePath(''), '')
  for (const text of ['runcast', '//evil.example', '/a//b', '/..', '/a/../b', '/.', '/a b', '/a"><script>', '/a;b', '/a%2f', '/a?b', '/a#b', '/a\\b',
    'https://evil.example', '/a\n', '/ä', '/a//', `/${'a'.repeat(200)}`]) t.equal(readBasePath(text), null, text)
})

t.test('the header of a trusted gateway counts where no path is configured, and only if it is one', async (t) => {
  const basePaths = createBasePaths('', isTrusted)
  t.equal(basePaths.of(from('/', '/runcast')), '/runcast')
  t.equal(basePaths.of(from('/', '/runcast/')), '/runcast')
  t.equal(basePaths.of(from('/', '/client, /gateway')), '/gateway')
  t.equal(basePaths.of(from('/')), '')
  t.equal(basePaths.of(from('/', '/runcast', '192.0.2.1')), '')
  t.equal(basePaths.of(from('/', '//evil.example')), '')
  t.equal(basePaths.of(from('/', '"><script>')), '')
  t.equal(createBasePaths('/fixed', isTrusted).of(from('/', '/runcast')), '/fixed')
})

t.test('the path is taken off where a gateway has passed it on', async (t) => {
  const basePaths = createBasePaths('/runcast', isTrusted)
  for (const [url = '', expected = ''] of [
    ['/runcast', '/'], ['/runcast/', '/'], ['/runcast?a=b', '/?a=b'], ['/runcast/runs/a%2Fb?x=/runcast', '/runs/a%2Fb?x=/runcast'],
    ['/runcast/runcast', '/runcast'], ['/runcaster/runs', '/runcaster/runs'], ['/runs/1', '/runs/1'], ['/', '/'], ['/health/live', '/health/live']
  ]) t.equal(basePaths.strip(from(url)), expected, url)
  t.equal(createBasePaths('', isTrusted).strip(from('/runcast/runs', '/runcast')), '/runs')
  t.equal(createBasePaths('', isTrusted).strip(from('/runcast/runs', '/runcast', '192.0.2.1')), '/runcast/runs')
})

t.test('the path of a gateway that is named like an address of the service is not looked for in addresses', async (t) => {
  t.equal(isOwnAddress('/workflows'), true)
  t.equal(isOwnAddress('/api/run'), true)
  t.equal(isOwnAddress('/runcast/api'), false)
  t.equal(isOwnAddress(''), false)
  const request = from('/workflows/hello', '/workflows')
  t.equal(createBasePaths('', isTrusted).of(request), '/workflows')
  t.equal(createBasePaths('', isTrusted).strip(request), '/workflows/hello')
})
