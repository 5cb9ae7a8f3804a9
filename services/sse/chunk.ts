/**
 * Bytes for many sockets. `framed` is a chunk of an HTTP/1.1 body, framed once, so that each socket takes it in one plain
 * write. `body` is the same without the frame, for HTTP/1.0, which nginx speaks by default.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding
 */
export interface Chunk {
  readonly framed: Buffer
  readonly body: Buffer
}

const LINE_BREAK = '\r\n'

/** Encodes text, which must not be empty: an empty chunk would end the body. */
export function chunkOf (text: string): Chunk {
  const size = Buffer.byteLength(text)
  const head = size.toString(16) + LINE_BREAK
  const framed = Buffer.from(head + text + LINE_BREAK)
  return { framed, body: framed.subarray(head.length, head.length + size) }
}
