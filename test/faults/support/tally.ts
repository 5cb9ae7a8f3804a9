import { createHash } from 'node:crypto'
import { request } from 'node:http'
import type { Test } from 'tap'
import { token } from '../../helpers/service/tokens.ts'

/** A reader that is one of very many: it only counts and hashes the bytes of its one connection. */
export interface Tally {
  /** The number of bytes received. */
  readonly bytes: number
  /** True once its connection broke or ended. */
  readonly isOver: boolean
  /** A digest of all that came, comments too; to be asked for once. */
  digest (): string
}

/** The time between two reads of a slow reader, in milliseconds, and the most bytes of one. */
const SIP_MS = 20
const SIP_BYTES = 16_384

/** Opens a stream without a cursor; left at the test's teardown. Resolves when the head of the answer is there. */
export async function startTally (t: Pick<Test, 'teardown'>, url: string, { slow = false } = {}): Promise<Tally> {
  const hash = createHash('sha1')
  let bytes = 0
  let isOver = false
  const take = (chunk: Buffer) => {
    bytes += chunk.length
    hash.update(chunk)
  }
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, headers: { accept: 'text/event-stream', authorization: `Bearer ${token()}` } })
    t.teardown(() => outgoing.destroy())
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      response.on('error', () => {}).on('close', () => { isOver = true })
      if (slow) {
        const sip = () => {
          const chunk: Buffer | null = response.read(SIP_BYTES) ?? response.read()
          if (chunk !== null) take(chunk)
        }
        const sipping = setInterval(sip, SIP_MS)
        // Without a listener nothing would be read from the socket.
        response.on('readable', () => {}).on('close', () => clearInterval(sipping))
      } else response.on('data', take)
      resolve({
        get bytes () { return bytes },
        get isOver () { return isOver },
        digest: () => hash.digest('hex')
      })
    })
    outgoing.end()
  })
}
