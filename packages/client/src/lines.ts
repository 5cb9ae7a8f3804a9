/** One line of a program's output, without its end. */
export interface OutputLine {
  /** Bytes that are no UTF-8 are replaced. */
  readonly text: string
  /** True when the line was too long and goes on in the next one. */
  readonly cut: boolean
}

/** Cuts the output of a program into lines that end with LF or CRLF. */
export interface LineSplitter {
  push (chunk: Uint8Array): OutputLine[]
  /** Gives the rest when the output has ended: a last line without an end. */
  end (): OutputLine[]
  /** The number of bytes that wait for the end of their line. */
  readonly waiting: number
}

const LF = 10
const CR = 13

/**
 * Makes a splitter.
 *
 * @param maxBytes the most bytes of a line; a longer one is cut, but not within a character
 * @param longer lines that begin with the prefix may have more bytes than others
 */
export function createLineSplitter (maxBytes: number, longer?: { readonly prefix: string, readonly maxBytes: number }): LineSplitter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const prefix = new TextEncoder().encode(longer?.prefix)
  let parts: Uint8Array[] = []
  let length = 0

  function hold (part: Uint8Array): void {
    if (part.length === 0) return
    parts.push(part)
    length += part.length
  }

  function limitOf (line: Uint8Array): number {
    return longer !== undefined && prefix.every((byte, index) => line[index] === byte) ? longer.maxBytes : maxBytes
  }

  /** Gives the held bytes as lines: all of them when their line has ended, else only the bytes over the limit. */
  function release (hasEnded: boolean): OutputLine[] {
    let line = joined(parts, length)
    if (hasEnded && line.at(-1) === CR) line = line.subarray(0, -1)
    const limit = limitOf(line)
    // A CR may be the beginning of the line's end.
    const kept = line.at(-1) === CR && !hasEnded ? 1 : 0
    const lines: OutputLine[] = []
    while (line.length - kept > limit) {
      const end = characterBoundary(line, limit)
      lines.push({ text: decoder.decode(line.subarray(0, end)), cut: true })
      line = line.subarray(end)
    }
    if (hasEnded) lines.push({ text: decoder.decode(line), cut: false })
    parts = hasEnded ? [] : [line]
    length = hasEnded ? 0 : line.length
    return lines
  }

  return {
    push (chunk) {
      const lines: OutputLine[] = []
      let start = 0
      for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
        hold(chunk.subarray(start, end))
        lines.push(...release(true))
        start = end + 1
      }
      hold(chunk.subarray(start))
      if (length > maxBytes) lines.push(...release(false))
      return lines
    },
    end: () => length > 0 ? release(true) : [],
    get waiting () {
      return length
    }
  }
}

function joined (parts: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const all = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    all.set(part, offset)
    offset += part.length
  }
  return all
}

/** Gives the last index, `index` or before it, that is not within a UTF-8 character. */
function characterBoundary (bytes: Uint8Array, index: number): number {
  let boundary = index
  while (boundary > index - 4 && isContinuation(bytes[boundary])) boundary -= 1
  return isContinuation(bytes[boundary]) ? index : boundary
}

function isContinuation (byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
