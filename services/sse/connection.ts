import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { EventId } from '@runcast/protocol'
import type { CloseReason } from '../../schemas/stream.ts'
import { chunkOf, type Chunk } from './chunk.ts'
import { closeFrame } from './frames.ts'

/** The reason that a stream ended: its run ended, its client left, or the server closed it. */
export type EndReason = 'end' | 'client' | CloseReason

/** The time at which a stream is closed, in milliseconds since 1970, and the reason that its client is given. */
export interface Expiry {
  readonly at: number
  readonly reason: CloseReason
}

/** The time that a socket gets to take its last frame, in milliseconds. */
const LAST_FRAME_MS = 5_000

/** The connection of one event stream: its socket, its expiry and its end. A subclass writes the events. */
export abstract class SseConnection {
  /** Milliseconds since 1970. */
  readonly openedAt = Date.now()
  protected readonly socket: Socket
  readonly #response: ServerResponse
  readonly #isChunked: boolean
  readonly #expiry: Expiry
  #ending: { readonly reason: EndReason, readonly since: number } | null = null
  #bytes = 0

  /** @param response its head is sent, nobody else writes to it, and its socket serves no other response */
  constructor (response: ServerResponse, expiry: Expiry) {
    if (response.socket === null) throw new TypeError('an event stream needs a response that has its socket')
    this.#response = response
    this.#isChunked = response.chunkedEncoding
    this.socket = response.socket
    this.#expiry = expiry
    response.once('close', () => {
      this.stop()
      this.closed()
    })
    response.on('error', ignore)
  }

  /** The number of bytes written. */
  get bytes (): number {
    return this.#bytes
  }

  /** The reason of the end; `client` until the server ends the stream. */
  get end (): EndReason {
    return this.#ending?.reason ?? 'client'
  }

  /** True once the last frame is written. */
  get isEnding (): boolean {
    return this.#ending !== null
  }

  /** The number of bytes that the socket has not taken yet. */
  backlog (): number {
    return this.socket.writableLength
  }

  /** Ends an unfinished stream. The last frame names the reason and the time to come back. */
  close (reason: CloseReason): void {
    this.endWith(closeFrame(reason, this.position()), reason)
  }

  /** Closes a stream that has expired, writes a heartbeat to an idle one, destroys the socket of one that can not end. */
  tick (now: number, heartbeatMs: number): void {
    if (this.#ending !== null) {
      if (now - this.#ending.since >= LAST_FRAME_MS) this.socket.destroy()
    } else if (now >= this.#expiry.at) {
      this.close(this.#expiry.reason)
    } else {
      this.heartbeat(now, heartbeatMs)
    }
  }

  /** The id from which the client can go on; null if it can not. */
  protected abstract position (): EventId | null

  /** Writes a heartbeat if nothing was written for `heartbeatMs`. */
  protected abstract heartbeat (now: number, heartbeatMs: number): void

  /** Stops all writing: only the last frame may follow. Called more than once. */
  protected abstract stop (): void

  /** Called once, when the socket is gone. */
  protected abstract closed (): void

  /** Writes straight to the socket: the response would frame the same bytes for every stream anew. */
  protected write ({ framed, body }: Chunk): void {
    this.socket.write(this.#isChunked ? framed : body)
    this.#bytes += body.length
  }

  /** True while more bytes wait for the socket than its high water mark. */
  protected get needsDrain (): boolean {
    return this.socket.writableNeedDrain
  }

  /** Resolves when the socket has taken all bytes, or at the signal. */
  protected async drained (signal: AbortSignal): Promise<void> {
    await once(this.socket, 'drain', { signal }).catch(ignore)
  }

  /** Writes the last frame and ends the response. */
  protected endWith (frame: string, reason: EndReason): void {
    if (this.#ending !== null) return
    this.#ending = { reason, since: Date.now() }
    this.stop()
    this.write(chunkOf(frame))
    this.#response.end()
  }
}

function ignore (): void {}
