import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * Starts a server in place of the conformance kit's: a pet store with the pets 1 and 2, both available, and a page behind
 * basic authentication.
 *
 * @returns its URL
 */
export async function startPetStore (t: Test): Promise<string> {
  const pets = [1, 2].map((id) => ({ id, name: `pet ${id}`, status: 'available' }))
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const answer = (status: number, body: unknown) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const [, service = '', name = '', more = ''] = pathname.split('/')
    if (service === 'basic-auth') {
      const isKnown = request.headers.authorization === `Basic ${Buffer.from(`${name}:${more}`).toString('base64')}`
      return answer(isKnown ? 200 : 401, { authenticated: isKnown, user: name })
    }
    if (pathname === '/pet/findByStatus') return answer(200, pets.filter(({ status }) => status === searchParams.get('status')))
    const pet = service === 'pet' && more === '' ? pets.find(({ id }) => String(id) === name) : undefined
    return pet === undefined ? answer(404, { message: 'there is no such pet' }) : answer(200, pet)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return `http://127.0.0.1:${address.port}`
}
