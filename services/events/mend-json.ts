import { endOfString } from './json-text.ts'

/** A number that JSON does not have, as Python, Lua and others write it. */
const NOT_FINITE = /[+-]?(?:nan|inf(?:inity)?)(?![a-z0-9_.])/iy

const CONTROL = /[^\u0020-\uffff]/g

/** A fault that could be mended because its meaning is certain. */
export type JsonFault = 'not_finite' | 'control_character'

/**
 * Mends the text of a JSON value as it was surely meant: `NaN`, `Infinity` and `-Infinity` become null, and a raw
 * control character in a string its escape. All other faults stay.
 */
export function mendJson (text: string): { text: string, faults: ReadonlySet<JsonFault> } {
  const faults = new Set<JsonFault>()
  let mended = ''
  let copied = 0
  const replace = (start: number, end: number, by: string, fault: JsonFault) => {
    mended += text.slice(copied, start) + by
    copied = end
    faults.add(fault)
  }
  for (let at = 0; at < text.length;) {
    if (text[at] === '"') {
      const end = endOf(text, at)
      const string = text.slice(at, end)
      if (string.search(CONTROL) !== -1) replace(at, end, string.replace(CONTROL, escaped), 'control_character')
      at = end
    } else {
      NOT_FINITE.lastIndex = at
      if (NOT_FINITE.test(text)) {
        replace(at, NOT_FINITE.lastIndex, 'null', 'not_finite')
        at = NOT_FINITE.lastIndex
      } else {
        at++
      }
    }
  }
  return { text: mended + text.slice(copied), faults }
}

function endOf (text: string, start: number): number {
  try {
    return endOfString(text, start)
  } catch {
    return text.length
  }
}

function escaped (character: string): string {
  return JSON.stringify(character).slice(1, -1)
}
