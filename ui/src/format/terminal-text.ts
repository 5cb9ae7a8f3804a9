import Anser from 'anser'

/** A stretch of a line in one style. */
export interface TextSpan {
  readonly text: string
  readonly style: TextStyle | null
}

/** The style that a terminal's escapes ask for. Blinking and hidden text are left out: all of a log is to be seen. */
export interface TextStyle {
  readonly color: TerminalColor | null
  readonly background: TerminalColor | null
  readonly bold: boolean
  readonly dim: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly strikethrough: boolean
}

/** One of the sixteen named colours, which a theme chooses, or an exact one. */
export type TerminalColor =
  | { readonly kind: 'named', readonly index: number }
  | { readonly kind: 'rgb', readonly rgb: Rgb }

/** Red, green and blue, 0 to 255 each. */
export type Rgb = readonly [red: number, green: number, blue: number]

/** A line of a log message as a terminal would show it. */
export interface TerminalLine {
  /** The text without any escapes. */
  readonly text: string
  /** null when nothing in the line is styled. */
  readonly spans: readonly TextSpan[] | null
}

// Each style of a message costs work, and a hostile message is nothing but styles.
const MAX_STYLES = 1_000

/* eslint-disable no-control-regex -- control characters are what this is about. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202d\u202e]/
const NOT_SHOWN = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u202d\u202e]/g
// Operating system commands, device control strings and the like, up to their end or the end of the line.
const STRINGS = /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c|$)?/g
const SEQUENCES = /(?:\u001b\[|\u009b)([0-?]*)([ -/]*)([@-~]?)/g
const OTHER_ESCAPES = /\u001b(?!\[[\d;]*m)[ -/]*[0-~]?/g
const STYLES = /\u001b\[[\d;]*m/g
/* eslint-enable no-control-regex */

/**
 * Divides a log message into lines, as a terminal would show it. Colours and weights are kept, a carriage return starts
 * a line over, and every other escape or control character has no effect.
 *
 * @returns at least one line
 */
export function terminalLines (message: string): TerminalLine[] {
  const text = message.endsWith('\n') ? message.slice(0, -1) : message
  if (!CONTROL.test(text)) return text.split('\n').map((line) => ({ text: line, spans: null }))
  const inert = withoutOverwritten(onlyStyles(text)).replace(NOT_SHOWN, pictureOf)
  const styles = inert.match(STYLES)?.length ?? 0
  if (styles === 0 || styles > MAX_STYLES) return inert.replace(STYLES, '').split('\n').map((line) => ({ text: line, spans: null }))
  return styledLines(inert)
}

/** Removes every escape but those for colours and weights. */
function onlyStyles (text: string): string {
  return text
    .replace(STRINGS, '')
    .replace(SEQUENCES, (_, parameters: string, between: string, final: string) =>
      final === 'm' && between === '' && /^[\d;:]*$/.test(parameters) ? `\u001b[${parameters.replaceAll(':', ';')}m` : '')
    .replace(OTHER_ESCAPES, '')
}

/** Keeps the last text of a line that starts over, as progress bars do. Styles that were set before still hold. */
function withoutOverwritten (text: string): string {
  if (!text.includes('\r')) return text
  return text.split('\n').map((line) => {
    const parts = line.replace(/\r+$/, '').split('\r')
    const last = parts.pop() ?? ''
    return parts.flatMap((part) => part.match(STYLES) ?? []).join('') + last
  }).join('\n')
}

function pictureOf (character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}

function styledLines (text: string): TerminalLine[] {
  const lines: TextSpan[][] = [[]]
  for (const entry of Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true })) {
    const style = styleOf(entry)
    for (const [index, part] of entry.content.split('\n').entries()) {
      if (index > 0) lines.push([])
      if (part !== '') lines.at(-1)?.push({ text: part, style })
    }
  }
  return lines.map((spans) => ({
    text: spans.map((span) => span.text).join(''),
    spans: spans.some((span) => span.style !== null) ? spans : null
  }))
}

function styleOf ({ fg, bg, fg_truecolor: fgRgb, bg_truecolor: bgRgb, decorations }: Anser.AnserJsonEntry): TextStyle | null {
  const has = (name: Anser.DecorationName) => decorations.includes(name)
  const style: TextStyle = {
    color: colorOf(fg, fgRgb),
    background: colorOf(bg, bgRgb),
    bold: has('bold'),
    dim: has('dim'),
    italic: has('italic'),
    underline: has('underline'),
    strikethrough: has('strikethrough')
  }
  return Object.values(style).some((value) => value !== null && value !== false) ? style : null
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
const CUBE = [0, 95, 135, 175, 215, 255]

/** Reads one of Anser's class names. The numbers of `ansi-truecolor` stand in `rgb`. */
function colorOf (name: string | null, rgb: string | null): TerminalColor | null {
  if (name === null) return null
  if (name === 'ansi-truecolor') {
    const [red = 0, green = 0, blue = 0] = (rgb ?? '').split(',').map(Number)
    return { kind: 'rgb', rgb: [red, green, blue] }
  }
  const palette = /^ansi-palette-(\d+)$/.exec(name)
  if (palette !== null) return { kind: 'rgb', rgb: paletteRgb(Number(palette[1])) }
  const bright = name.startsWith('ansi-bright-')
  const index = NAMES.indexOf(name.slice(bright ? 'ansi-bright-'.length : 'ansi-'.length))
  return index === -1 ? null : { kind: 'named', index: bright ? index + 8 : index }
}

/** The colours 16 to 255 of a terminal: a cube of 6 by 6 by 6, then 24 greys. */
function paletteRgb (index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10
    return [grey, grey, grey]
  }
  const place = index - 16
  const level = (weight: number) => CUBE[Math.floor(place / weight) % 6] ?? 0
  return [level(36), level(6), level(1)]
}
