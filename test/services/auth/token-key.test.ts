import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { readPublicKey, tokenKey } from '../../../services/auth/token-key.ts'
import { ConfigError, loadConfig } from '../../../services/config.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })

t.test('the kind of the public key decides the one algorithm', async (t) => {
  t.strictSame(readPublicKey(rsa.publicKey), { algorithm: 'RS256', publicKey: rsa.publicKey })
  t.strictSame(readPublicKey(ec.publicKey), { algorithm: 'ES256', publicKey: ec.publicKey })
})

t.test('a public key may have its line breaks written as backslash and n', async (t) => {
  t.strictSame(readPublicKey(ec.publicKey.trim().replaceAll('\n', '\\n')), { algorithm: 'ES256', publicKey: ec.publicKey })
})

t.test('a text that is not a public key of a known kind stops the start', async (t) => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const curve = generateKeyPairSync('ec', { namedCurve: 'secp384r1', publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  const edwards = generateKeyPairSync('ed25519', { publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
  for (const text of [small.publicKey, curve.publicKey, edwards.publicKey, rsa.privateKey, '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', '']) {
    t.throws(() => readPublicKey(text), TypeError)
  }
  t.throws(() => loadConfig({ JWT_PUBLIC_KEY: rsa.privateKey }), new ConfigError(['JWT_PUBLIC_KEY must be the PEM of a public key.']))
})

t.test('a configured key is used, and only without one the secret of the development start', async (t) => {
  const secret = 'x'.repeat(32)
  const never = () => { throw new Error('asked for the development secret') }
  t.strictSame(tokenKey(loadConfig({ JWT_SECRET: secret }), never), { algorithm: 'HS256', secret })
  t.strictSame(tokenKey(loadConfig({ JWT_PUBLIC_KEY: ec.publicKey }), never), { algorithm: 'ES256', publicKey: ec.publicKey })
  t.strictSame(tokenKey(loadConfig({}), () => 'made'), { algorithm: 'HS256', secret: 'made' })
  t.throws(() => tokenKey(loadConfig({ JWT_JWKS_URL: 'https://issuer.example/keys', JWT_ISSUER: 'issuer' }), never), /not supported yet/)
})
