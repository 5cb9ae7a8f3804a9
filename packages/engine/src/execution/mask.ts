import type { Json, JsonObject } from '../definition/dsl.ts'
import { leafTexts } from './secrets.ts'

/** Replaces secrets by `***`: as they are, and as base64, URL-encoded or inside of JSON text. */
export interface Mask {
  text (text: string): string
  /** Every text, number and name in a value, however deep. */
  value (value: Json): Json
  /** For the lines of one stream, where a secret may begin in one line and end in another. */
  lines (): LineMask
}

/** Masks lines that follow each other. A line that may end with the beginning of a secret waits for the next one. */
export interface LineMask {
  /** @returns the lines that can be shown now */
  push (line: string): string[]
  /** @returns the lines that have waited */
  end (): string[]
}

const MASKED = '***'
/** So much of a secret at the end of a line makes it wait: less is in too many lines that have nothing to do with it. */
const TELLING_LENGTH = 4

/** Makes the mask for the secrets of a run. */
export function createMask (secrets: JsonObject): Mask {
  const forms = formsOf(leafTexts(secrets)).map((form) => form.replace(LINE_BREAKS, ''))
  const pattern = patternOf(forms)
  if (pattern === null) return { text: (text) => text, value: (value) => value, lines: () => ({ push: (line) => [line], end: () => [] }) }

  const text = (plain: string) => plain.replace(pattern, MASKED)
  const value = (plain: Json): Json => {
    if (typeof plain === 'string') return text(plain)
    if (typeof plain === 'number') return text(String(plain)) === String(plain) ? plain : text(String(plain))
    if (typeof plain !== 'object' || plain === null) return plain
    if (Array.isArray(plain)) return plain.map(value)
    return Object.fromEntries(Object.entries(plain).map(([name, part]) => [text(name), value(part)]))
  }
  return { text, value, lines: () => createLineMask(forms, pattern) }
}

function createLineMask (forms: readonly string[], pattern: RegExp): LineMask {
  const longest = Math.max(...forms.map((form) => form.length))
  let before = ''
  let waiting: string[] = []

  function release (isEnd: boolean): string[] {
    const all = before + waiting.join('')
    const secrets = [...all.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }))
    const held = isEnd ? 0 : begunLength(all, forms)
    const shown: string[] = []
    let start = before.length
    while (waiting[0] !== undefined && start + waiting[0].length <= all.length - held) {
      const line = waiting.shift() ?? ''
      shown.push(cover(line, start, secrets))
      start += line.length
    }
    before = all.slice(Math.max(0, start - longest), start)
    return shown
  }

  return {
    push (line) {
      waiting.push(line)
      return release(false)
    },
    end () {
      const shown = release(true)
      waiting = []
      return shown
    }
  }
}

/** How many characters at the end of a text may be the beginning of a secret. */
function begunLength (text: string, forms: readonly string[]): number {
  const tail = text.slice(-TELLING_LENGTH)
  if (tail.length < TELLING_LENGTH) return 0
  let length = 0
  for (const form of forms) {
    for (let at = form.indexOf(tail); at !== -1; at = form.indexOf(tail, at + 1)) {
      const size = at + TELLING_LENGTH
      if (size > length && size < form.length && text.endsWith(form.slice(0, size))) length = size
    }
  }
  return length
}

/** Covers the parts of a line that are secret. @param start where the line begins in the text that the ranges speak of */
function cover (line: string, start: number, secrets: ReadonlyArray<{ readonly start: number, readonly end: number }>): string {
  let shown = ''
  let next = 0
  for (const secret of secrets) {
    const from = Math.max(secret.start - start, 0)
    const to = Math.min(secret.end - start, line.length)
    if (from >= to) continue
    shown += line.slice(next, from) + MASKED
    next = to
  }
  return shown + line.slice(next)
}

/** Finds secrets, also with line breaks in them, as programs wrap what is long. */
function patternOf (forms: readonly string[]): RegExp | null {
  const longestFirst = forms.filter((form) => form !== '').sort((one, other) => other.length - one.length)
  if (longestFirst.length === 0) return null
  const anywhere = longestFirst.map((form) => form.split('').map((letter) => letter.replace(/[^\p{L}\p{N}]/u, '\\$&')).join('[\\r\\n]*'))
  return new RegExp(anywhere.join('|'), 'g')
}

const LINE_BREAKS = /[\r\n]+/g

function formsOf (texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => [text, ...urlForms(text), JSON.stringify(text).slice(1, -1), ...base64Forms(text)]))]
}

function urlForms (text: string): string[] {
  // Half a surrogate pair, which encodeURIComponent refuses, gets lost in a Buffer.
  const component = encodeURIComponent(Buffer.from(text).toString())
  const form = new URLSearchParams([['', text]]).toString().slice(1)
  return [component, form].flatMap((encoded) => [encoded, encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())])
}

/**
 * How a text shows in base64, also within a longer one: its bytes begin at one of three places in a group of four
 * letters, and the letters that it shares with its neighbours are left out.
 */
function base64Forms (text: string): string[] {
  const bytes = Buffer.from(text)
  const within = [0, 1, 2].map((shift) => {
    const letters = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
    return letters.slice(Math.ceil(shift * 8 / 6), Math.floor((shift + bytes.length) * 8 / 6))
  })
  const forms = [bytes.toString('base64'), ...within.filter((letters) => letters.length >= TELLING_LENGTH)]
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}
