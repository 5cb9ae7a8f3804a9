import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { EventId } from '@runcast/protocol'
import type { CloseReason } from '../../schemas/stream.ts'
import { chunkOf, type Chunk } from './chunk.ts'
import { closeFrame } from './frames.ts'

/** How a stream ended: because what it follows did, as the server decided, or by the client. */
export type EndReason = 'end' | 'client' | CloseReason

/** When a stream is closed at the latest, in milliseconds since 1970, and why. */
export interface Expiry {
  readonly at: number
  readonly reason: CloseReason
}

/** How long a socket may take for its last frame, in milliseconds. */
const LAST_FRAME_MS = 5_000

/** One open stream: a socket, when it must end, and how it ends. What it brings is its subclass's matter. */
export abstract class OpenStream {
  /** Milliseconds since 1970. */
  readonly openedAt = Date.now()
  protected readonly socket: Socket
  readonly #response: ServerResponse
  readonly #isChunked: boolean
  readonly #expiry: Expiry
  #ending: { readonly reason: EndReason, readonly since: number } | null = null
  #bytes = 0

  /** @param response its head is sent, nobody else writes to it, and its socket is its own */
  constructor (response: ServerResponse, expiry: Expiry) {
    if (response.socket === null) throw new TypeError('an open stream needs a response that has its socket')
    this.#response = response
    this.#isChunked = response.chunkedEncoding
    this.socket = response.socket
    this.#expiry = expiry
    response.once('close', () => {
      this.stop()
      this.gone()
    })
    response.on('error', ignore)
  }

  /** The bytes that were written. */
  get bytes (): number {
    return this.#bytes
  }

  /** How the stream ended, or is about to. */
  get end (): EndReason {
    return this.#ending?.reason ?? 'client'
  }

  /** Whether its last frame is written. */
  get isEnding (): boolean {
    return this.#ending !== null
  }

  /** Bytes that the socket has not taken yet. */
  backlog (): number {
    return this.socket.writableLength
  }

  /** Ends an unfinished stream; the client is told why and when to come back. */
  close (reason: CloseReason): void {
    this.endWith(closeFrame(reason, this.position()), reason)
  }

  /** What time brings: the end of an old stream, a sign of life on an idle one, patience that is over. */
  tick (now: number, heartbeatMs: number): void {
    if (this.#ending !== null) {
      if (now - this.#ending.since >= LAST_FRAME_MS) this.socket.destroy()
    } else if (now >= this.#expiry.at) {
      this.close(this.#expiry.reason)
    } else {
      this.beat(now, heartbeatMs)
    }
  }

  /** The id of the last frame, if its client can go on after it. */
  protected abstract position (): EventId | null

  /** Writes a sign of life if nothing was written for `heartbeatMs`. */
  protected abstract beat (now: number, heartbeatMs: number): void

  /** Stops whatever writes to the stream: only its last frame may follow. Called more than once. */
  protected abstract stop (): void

  /** Called once, when the socket is gone. */
  protected abstract gone (): void

  /** Writes straight to the socket: the response would frame the same bytes for every stream anew. */
  protected write ({ framed, body }: Chunk): void {
    this.socket.write(this.#isChunked ? framed : body)
    this.#bytes += body.length
  }

  /** Whether the socket has more bytes waiting than it likes. */
  protected get needsDrain (): boolean {
    return this.socket.writableNeedDrain
  }

  /** Resolves when the socket has taken what was waiting, or at the signal. */
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
