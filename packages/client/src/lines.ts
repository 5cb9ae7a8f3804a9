/** One line of a program's output, without its end. */
export interface OutputLine {
  /** Bytes that are no UTF-8 are replaced. */
  readonly text: string
  /** True when the line had not ended: it was too long, or its end was not there yet. */
  readonly cut: boolean
  /** True when it goes on with a line that was cut. A rest in which there is nothing to see is left out. */
  readonly continues?: boolean
}

/** Cuts the output of a program into lines that end with LF or CRLF. */
export interface LineSplitter {
  push (chunk: Uint8Array): OutputLine[]
  /**
   * Gives the beginning of a line that has not ended, as far as there is something to see that was not given yet. The rest
   * of the line goes on after it. Of a redrawn line it gives the newest state, whole.
   */
  part (): OutputLine[]
  /** Gives the rest when the output has ended: a last line without an end. */
  end (): OutputLine[]
  /** The number of bytes that wait for the end of their line. */
  readonly waiting: number
  /** True when the line that has not ended was redrawn, as progress bars do with CR. */
  readonly redrawn: boolean
}

const LF = 10
const CR = 13
const ESCAPE = '\u001b'
const CONTROL_SEQUENCE = new RegExp(`${ESCAPE}(\\[[0-9;:?]*[ -/]*[@-~]|.)`, 'g')

/**
 * Makes a splitter.
 *
 * @param maxBytes the most bytes of a line; a longer one is cut, but not within a character
 * @param longer lines that begin with the prefix may have more bytes than others, and are given whole
 * @param redraws true to keep of a line that CR redraws the newest state alone
 */
export function createLineSplitter (maxBytes: number, longer?: { readonly prefix: string, readonly maxBytes: number }, redraws = false): LineSplitter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const prefix = new TextEncoder().encode(longer?.prefix)
  let parts: Uint8Array[] = []
  let length = 0
  let redrawn = false
  let shown: string | null = null
  let isCut = false

  function lineOf (text: string, cut: boolean): OutputLine {
    const continues = isCut && !redrawn
    isCut = cut
    return continues ? { text, cut, continues } : { text, cut }
  }

  function hold (part: Uint8Array): void {
    if (part.length === 0) return
    parts.push(part)
    length += part.length
  }

  function limitOf (line: Uint8Array): number {
    return longer !== undefined && prefix.every((byte, index) => line[index] === byte) ? longer.maxBytes : maxBytes
  }

  function replaceHeld (line: Uint8Array): void {
    parts = line.length === 0 ? [] : [line]
    length = line.length
  }

  /** Drops the older states of a line. */
  function newest (line: Uint8Array): Uint8Array {
    const state = redraws ? newestState(line) : line
    redrawn ||= state.length < line.length
    return state
  }

  /** Gives the held bytes as lines: all of them when their line has ended, else only the bytes over the limit. */
  function release (hasEnded: boolean): OutputLine[] {
    let line = joined(parts, length)
    if (hasEnded) line = newest(withoutEnd(line, redraws))
    const limit = limitOf(line)
    // A CR may be the beginning of the line's end.
    const kept = line.at(-1) === CR && !hasEnded ? 1 : 0
    const lines: OutputLine[] = []
    while (line.length - kept > limit) {
      const end = characterBoundary(line, limit)
      lines.push(lineOf(decoder.decode(line.subarray(0, end)), true))
      line = line.subarray(end)
    }
    replaceHeld(hasEnded ? line.subarray(line.length) : line)
    if (!hasEnded) return lines
    const text = decoder.decode(line)
    const isKnown = redrawn ? text === shown : isCut && !isVisible(text)
    if (!isKnown) lines.push(lineOf(text, false))
    isCut = false
    redrawn = false
    shown = null
    return lines
  }

  function part (): OutputLine[] {
    const line = joined(parts, length)
    if (limitOf(line) !== maxBytes) return []
    const whole = line.subarray(0, completeEnd(withoutEnd(line, true)))
    const text = decoder.decode(whole)
    if (!isVisible(text) || text === shown) return []
    redrawn ||= line.at(-1) === CR
    if (redrawn) shown = text
    else replaceHeld(line.subarray(whole.length))
    return [lineOf(text, !redrawn)]
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
      if (redraws && chunk.indexOf(CR, start) !== -1) replaceHeld(newest(joined(parts, length)))
      if (length > maxBytes) lines.push(...release(false))
      return lines
    },
    part,
    end: () => length > 0 ? release(true) : [],
    get waiting () {
      return length
    },
    get redrawn () {
      return redrawn
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

function isVisible (text: string): boolean {
  return text.replace(CONTROL_SEQUENCE, '').trim() !== ''
}

/** Takes CR from the end of a line: one, or each. */
function withoutEnd (line: Uint8Array, each: boolean): Uint8Array {
  const least = each ? 0 : line.length - 1
  let end = line.length
  while (end > least && line[end - 1] === CR) end -= 1
  return line.subarray(0, end)
}

/** Gives the text after the last CR that has text after it. */
function newestState (line: Uint8Array): Uint8Array {
  const { length } = withoutEnd(line, true)
  return length === 0 ? line : line.subarray(line.lastIndexOf(CR, length - 1) + 1)
}

/** Gives the end of the last whole character. */
function completeEnd (bytes: Uint8Array): number {
  let start = bytes.length - 1
  while (start > bytes.length - 4 && isContinuation(bytes[start])) start -= 1
  const first = bytes[start] ?? 0
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1
  return start + size > bytes.length ? start : bytes.length
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
