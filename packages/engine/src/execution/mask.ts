// Libraries that hide secrets, such as pino's redaction, hide the fields at given paths. Secrets of a workflow have to be
// found by their values: anywhere in the output of programs and servers, encoded, and cut into lines at any place.

import type { Json, JsonObject } from '../json.ts'
import { leafTexts } from './secrets.ts'
import { isUrlEncoded, urlDecode, urlDecoded } from './url-decoded.ts'

/** Replaces secrets by `***`: as they are, in base64, URL-encoded in any way, and inside of JSON text. */
export interface Mask {
  text (text: string): string
  /** Masks every text, number and name in a value, at any depth. */
  value (value: Json): Json
  /** Makes a mask for the lines of one stream, where a secret may begin in one line and end in another. */
  lines (): LineMask
}

/** Masks the lines of one stream. A line that may end with the beginning of a secret waits for the next one. */
export interface LineMask {
  /** @returns the lines that can be shown now */
  push (line: string): string[]
  /** @returns the lines that were waiting */
  end (): string[]
}

const MASKED = '***'
/** The characters of a secret at the end of a line that make the line wait. Fewer would stand at the end of too many other lines. */
const TELLING_LENGTH = 4

/** The longest secret that is found in any URL encoding; a longer one only as `encodeURIComponent` and forms write it. */
const MAX_DECODED_LENGTH = 512
/** The most characters that one character has when it is URL-encoded. */
const MAX_ENCODED_LENGTH = 9

/** A part of a text. */
interface Range { readonly start: number, readonly end: number }

/** Finds secrets in texts. */
interface Finder {
  /** Gives the places of the secrets, in order and apart from each other. */
  find (text: string): Range[]
  /** Counts the characters at the end of a text that may be the beginning of a secret. */
  begunLength (text: string): number
  /** The most characters of a secret in any of its forms. */
  readonly longest: number
}

/** Makes the mask for the secrets of a run. */
export function createMask (secrets: JsonObject): Mask {
  const finder = createFinder(leafTexts(secrets))
  if (finder === null) return { text: (text) => text, value: (value) => value, lines: () => ({ push: (line) => [line], end: () => [] }) }

  const text = (plain: string) => cover(plain, 0, finder.find(plain))
  const value = (plain: Json): Json => {
    if (typeof plain === 'string') return text(plain)
    if (typeof plain === 'number') return text(String(plain)) === String(plain) ? plain : text(String(plain))
    if (typeof plain !== 'object' || plain === null) return plain
    if (Array.isArray(plain)) return plain.map(value)
    return Object.fromEntries(Object.entries(plain).map(([name, part]) => [text(name), value(part)]))
  }
  return { text, value, lines: () => createLineMask(finder) }
}

function createFinder (texts: readonly string[]): Finder | null {
  const forms = formsOf(texts).map((form) => form.replace(LINE_BREAKS, ''))
  const pattern = patternOf(forms)
  if (pattern === null) return null
  // In a decoded text, a plus has become a space.
  const decoded = texts.map((text) => text.replace(LINE_BREAKS, '').replaceAll('+', ' '))
    .filter(({ length }) => length >= TELLING_LENGTH && length <= MAX_DECODED_LENGTH)
  const decodedPattern = patternOf(decoded)

  function findDecoded (text: string): Range[] {
    if (decodedPattern === null || !isUrlEncoded(text) || urlDecode(text).search(decodedPattern) === -1) return []
    const view = urlDecoded(text)
    return rangesOf(view.text, decodedPattern).map(({ start, end }) => ({ start: view.at(start), end: view.at(end) }))
  }

  /** The end of the text may cut an encoded character in two. */
  function begunDecoded (text: string): number {
    if (decoded.length === 0 || !isUrlEncoded(text)) return 0
    const ends = [text.length, ...Array.from(text.slice(-MAX_CUT_LENGTH).matchAll(/%/g), ({ index }) => Math.max(0, text.length - MAX_CUT_LENGTH) + index)]
    return Math.max(...ends.map((end) => {
      const tail = urlDecode(text.slice(Math.max(0, end - TELLING_LENGTH * MAX_ENCODED_LENGTH), end)).slice(-TELLING_LENGTH)
      if (!decoded.some((form) => form.includes(tail))) return 0
      const view = urlDecoded(text.slice(0, end))
      const begun = begunLength(view.text, decoded)
      return begun === 0 ? 0 : text.length - view.at(view.text.length - begun)
    }))
  }

  return {
    find: (text) => merged([...rangesOf(text, pattern), ...findDecoded(text)]),
    begunLength: (text) => Math.max(begunLength(text, forms), begunDecoded(text)),
    longest: Math.max(...forms.map(({ length }) => length), ...decoded.map(({ length }) => length * MAX_ENCODED_LENGTH))
  }
}

/** The length of an encoded character of four bytes without its last letter. */
const MAX_CUT_LENGTH = 11

function rangesOf (text: string, pattern: RegExp): Range[] {
  return Array.from(text.matchAll(pattern), ({ index, 0: found }) => ({ start: index, end: index + found.length }))
}

function merged (ranges: readonly Range[]): Range[] {
  const apart: Range[] = []
  for (const range of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = apart.at(-1)
    if (last === undefined || range.start >= last.end) apart.push(range)
    else apart[apart.length - 1] = { start: last.start, end: Math.max(last.end, range.end) }
  }
  return apart
}

function createLineMask (finder: Finder): LineMask {
  let before = ''
  let waiting: string[] = []

  function release (isEnd: boolean): string[] {
    const all = before + waiting.join('')
    const secrets = finder.find(all)
    const held = isEnd ? 0 : finder.begunLength(all)
    const shown: string[] = []
    let start = before.length
    while (waiting[0] !== undefined && start + waiting[0].length <= all.length - held) {
      const line = waiting.shift() ?? ''
      shown.push(cover(line, start, secrets))
      start += line.length
    }
    before = all.slice(Math.max(0, start - finder.longest), start)
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

/** Counts the characters at the end of a text that may be the beginning of one of the forms. */
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

/** Covers the secret parts of a line. @param start the index of the line in the text to which the ranges belong */
function cover (line: string, start: number, secrets: readonly Range[]): string {
  if (secrets.length === 0) return line
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

/** Makes the pattern of all forms. It allows line breaks within a secret: programs wrap long texts. */
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
  // encodeURIComponent refuses half a surrogate pair, which a Buffer replaces.
  const component = encodeURIComponent(Buffer.from(text).toString())
  const form = new URLSearchParams([['', text]]).toString().slice(1)
  return [component, form].flatMap((encoded) => [encoded, encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())])
}

/**
 * Gives the forms of a text in base64, also within a longer text: its bytes begin at one of three places in a group of
 * four letters. The letters that it shares with its neighbours are left out.
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
