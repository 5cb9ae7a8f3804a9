import { StringDecoder } from 'node:string_decoder'

/** Cuts text that comes in pieces into lines that end with LF or CRLF. */
export interface Lines {
  push (chunk: Buffer): string[]
  /** What is left when the stream ends. */
  end (): string[]
  /** How many characters wait for the end of their line. */
  readonly waiting: number
}

/** Makes a cutter. @param maxLength characters after which a line is cut even without an end */
export function createLines (maxLength: number): Lines {
  const decoder = new StringDecoder('utf8')
  let rest = ''

  function take (text: string): string[] {
    rest += text
    // A long line in many pieces is not looked through again and again.
    if (!text.includes('\n') && rest.length <= maxLength) return []
    const lines = rest.split(/\r?\n/).flatMap((line) => pieces(line, maxLength))
    rest = lines.pop() ?? ''
    return lines
  }

  return {
    push: (chunk) => take(decoder.write(chunk)),
    end () {
      const lines = take(decoder.end())
      const last = rest
      rest = ''
      return last === '' ? lines : [...lines, last]
    },
    get waiting () {
      return rest.length
    }
  }
}

function pieces (line: string, length: number): string[] {
  if (line.length <= length) return [line]
  return Array.from({ length: Math.ceil(line.length / length) }, (_none, index) => line.slice(index * length, (index + 1) * length))
}
