import t from 'tap'
import { isTrustedByCookie } from '../../../services/auth/cross-site.ts'

const ORIGIN = 'http://localhost:3000'

t.test('a request that changes nothing needs no proof of its origin', async (t) => {
  for (const method of ['GET', 'HEAD', 'OPTIONS']) t.equal(isTrustedByCookie(method, { 'sec-fetch-site': 'cross-site' }, ORIGIN), true, method)
})

t.test('a change needs a page of the same origin', async (t) => {
  const rows: Array<[headers: Record<string, string>, trusted: boolean]> = [
    [{}, false],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: ORIGIN }, false],
    [{ origin: ORIGIN }, true],
    [{ origin: 'http://localhost:3001' }, false],
    [{ origin: 'https://localhost:3000' }, false],
    [{ origin: 'null' }, false],
    [{ origin: `${ORIGIN}.evil.example` }, false],
    [{ referer: `${ORIGIN}/` }, false]
  ]
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PURGE']) {
    for (const [headers, trusted] of rows) t.equal(isTrustedByCookie(method, headers, ORIGIN), trusted, `${method} ${JSON.stringify(headers)}`)
  }
})

t.test('a change with a body needs a content type that no form can send', async (t) => {
  const rows: Array<[headers: Record<string, string>, trusted: boolean]> = [
    [{ 'content-length': '0' }, true],
    [{ 'content-length': '2', 'content-type': 'application/json' }, true],
    [{ 'content-length': '2', 'content-type': 'Application/JSON; charset=utf-8' }, true],
    [{ 'transfer-encoding': 'chunked', 'content-type': 'application/x-ndjson' }, true],
    [{ 'content-length': '2' }, false],
    [{ 'transfer-encoding': 'chunked' }, false],
    [{ 'content-length': '2', 'content-type': 'text/plain' }, false],
    [{ 'content-length': '2', 'content-type': 'text/plain; application/json' }, false],
    [{ 'content-length': '2', 'content-type': 'application/x-www-form-urlencoded' }, false],
    [{ 'content-length': '2', 'content-type': 'multipart/form-data; boundary=x' }, false]
  ]
  for (const [headers, trusted] of rows) {
    t.equal(isTrustedByCookie('POST', { 'sec-fetch-site': 'same-origin', ...headers }, ORIGIN), trusted, JSON.stringify(headers))
  }
})
