import t from 'tap'
import { isBoundHost } from '../../../services/auth/bound-host.ts'

t.test('the names of this machine with the port are the bound host', async (t) => {
  for (const header of ['localhost:3000', 'LOCALHOST:3000', '127.0.0.1:3000', '[::1]:3000']) {
    t.equal(isBoundHost(header, '127.0.0.1', 3000), true, header)
  }
  t.equal(isBoundHost('127.0.0.2:3000', '127.0.0.2', 3000), true)
  t.equal(isBoundHost('[::1]:3000', '::1', 3000), true)
  t.equal(isBoundHost('localhost', 'localhost', 80), true)
})

t.test('any other name or port is not', async (t) => {
  const headers = [
    undefined, '', ':3000', 'evil.example:3000', 'localhost.evil.example:3000', 'localhost:3000.evil.example', '127.0.0.2:3000',
    'localhost', 'localhost:3001', 'localhost:', 'localhost:3000:3000', 'localhost:3000, evil.example', '127.0.0.1.nip.io:3000', '0.0.0.0:3000', '[::]:3000', '::1:3000'
  ]
  for (const header of headers) t.equal(isBoundHost(header, '127.0.0.1', 3000), false, String(header))
})

t.test('without a socket the name alone counts', async (t) => {
  t.equal(isBoundHost('localhost:80', '127.0.0.1', undefined), true)
  t.equal(isBoundHost('evil.example:80', '127.0.0.1', undefined), false)
})
