/** A text with its percent-encoded characters decoded, and their places in the original. */
export interface UrlDecoded {
  readonly text: string
  /** Gives the index in the original of the character at an index of `text`, up to and with its length. */
  at (index: number): number
}

/** The encoded bytes of one character in UTF-8, or anything else. */
const PARTS = /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}|[^]/gi

/** Tells whether decoding may change a text. */
export function isUrlEncoded (text: string): boolean {
  return /[%+]/.test(text)
}

/** Decodes everything that is percent-encoded in a text; the rest may be anything. A plus becomes a space. */
export function urlDecode (text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString().replaceAll('+', ' '))
}

/** Decodes a text likewise and keeps the places of its characters, which takes longer. */
export function urlDecoded (original: string): UrlDecoded {
  const starts: number[] = []
  let text = ''
  for (const { index, 0: part } of original.matchAll(PARTS)) {
    const character = part.length > 1 ? decoded(part) : part
    for (let unit = 0; unit < character.length; unit += 1) starts.push(index)
    text += character === '+' ? ' ' : character
  }
  return { text, at: (index) => starts[index] ?? original.length }
}

function decoded (part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
