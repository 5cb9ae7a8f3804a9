import type { CSSProperties } from 'react'
import type { Rgb, TerminalColor, TextStyle } from '../../format/terminal-text.ts'
import { readableOn } from '../model/readable-color.ts'

/** A colour in the light and in the dark scheme. */
interface Schemes {
  readonly light: Rgb
  readonly dark: Rgb
}

// The background of the log, equal to `--paper` of styles.css: colours are chosen to be read on it.
const PAPER: Schemes = { light: [255, 255, 255], dark: [15, 19, 25] }
const INK: Schemes = { light: [24, 32, 43], dark: [228, 233, 240] }

const NAMED: readonly Schemes[] = [
  { light: [24, 32, 43], dark: [102, 113, 128] },
  { light: [190, 30, 45], dark: [255, 123, 114] },
  { light: [23, 110, 50], dark: [99, 198, 127] },
  { light: [135, 90, 0], dark: [222, 174, 80] },
  { light: [30, 88, 194], dark: [121, 174, 255] },
  { light: [140, 50, 160], dark: [210, 150, 255] },
  { light: [0, 108, 120], dark: [86, 202, 214] },
  { light: [86, 97, 114], dark: [200, 207, 217] },
  { light: [86, 97, 114], dark: [140, 150, 166] },
  { light: [214, 40, 57], dark: [255, 160, 152] },
  { light: [20, 130, 60], dark: [126, 231, 150] },
  { light: [154, 103, 0], dark: [242, 204, 96] },
  { light: [9, 105, 218], dark: [165, 205, 255] },
  { light: [163, 71, 186], dark: [226, 185, 255] },
  { light: [27, 124, 131], dark: [140, 225, 232] },
  { light: [110, 119, 129], dark: [240, 246, 252] }
]

const known = new WeakMap<TextStyle, CSSProperties>()

/** The look of a terminal's style on the page, with colours that can be read in both schemes. */
export function cssOf (style: TextStyle): CSSProperties {
  let css = known.get(style)
  if (css === undefined) {
    css = toCss(style)
    known.set(style, css)
  }
  return css
}

function toCss ({ color, background, bold, dim, italic, underline, strikethrough }: TextStyle): CSSProperties {
  const under = background === null ? PAPER : schemesOf(background)
  const over = color === null ? INK : schemesOf(color)
  const lines = [...(underline ? ['underline'] : []), ...(strikethrough ? ['line-through'] : [])]
  return {
    ...(color === null && background === null ? {} : { color: textOf({ light: readableOn(under.light, over.light), dark: readableOn(under.dark, over.dark) }) }),
    ...(color === null && background === null && dim ? { color: 'var(--quiet)' } : {}),
    ...(background === null ? {} : { backgroundColor: textOf(under) }),
    ...(bold ? { fontWeight: 700 } : {}),
    ...(italic ? { fontStyle: 'italic' } : {}),
    ...(lines.length === 0 ? {} : { textDecoration: lines.join(' ') })
  }
}

function schemesOf (color: TerminalColor): Schemes {
  return color.kind === 'rgb' ? { light: color.rgb, dark: color.rgb } : NAMED[color.index] ?? INK
}

function textOf ({ light, dark }: Schemes): string {
  return `light-dark(rgb(${light.join(' ')}), rgb(${dark.join(' ')}))`
}
