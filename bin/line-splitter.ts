/** One line of output, without its end. */
export interface OutputLine {
  /** Invalid UTF-8 is replaced. */
  readonly text: string
  /** Whether the line is longer and goes on in the next one. */
  readonly cut: boolean
}

/** Cuts a stream of bytes into lines that end with LF or CRLF. */
export interface LineSplitter {
  push (chunk: Buffer): OutputLine[]
  /** What is left when the stream ends: a last line without an end. */
  end (): OutputLine[]
}

const LF = 10
const CR = 13

/**
 * Makes a splitter.
 *
 * @param limitOf the most bytes that a line with this beginning may have before it is cut; it decides at the latest
 *   when `shortLimit` bytes are there
 * @param shortLimit the smallest value that `limitOf` gives
 */
export function createLineSplitter (limitOf: (beginning: Buffer) => number, shortLimit: number): LineSplitter {
  let parts: Buffer[] = []
  let length = 0

  function hold (part: Buffer): void {
    if (part.length === 0) return
    parts.push(part)
    length += part.length
  }

  /** Gives what is held as lines; with `ended` all of it, else only what is over the limit. */
  function release (ended: boolean): OutputLine[] {
    const [first] = parts
    let line = first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
    if (ended && line.at(-1) === CR) line = line.subarray(0, -1)
    const limit = limitOf(line)
    const endBegun = line.at(-1) === CR && !ended ? 1 : 0
    const lines: OutputLine[] = []
    while (line.length - endBegun > limit) {
      const end = characterBoundary(line, limit)
      lines.push({ text: line.toString('utf8', 0, end), cut: true })
      line = line.subarray(end)
    }
    if (ended) lines.push({ text: line.toString('utf8'), cut: false })
    parts = ended ? [] : [line]
    length = ended ? 0 : line.length
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
      if (length > shortLimit) lines.push(...release(false))
      return lines
    },
    end: () => length > 0 ? release(true) : []
  }
}

/** The last place at or before `index` that is not inside a UTF-8 character. */
function characterBoundary (bytes: Buffer, index: number): number {
  let boundary = index
  while (boundary > index - 4 && isContinuation(bytes[boundary])) boundary -= 1
  return isContinuation(bytes[boundary]) ? index : boundary
}

function isContinuation (byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
