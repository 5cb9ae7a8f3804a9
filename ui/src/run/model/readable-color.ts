import type { Rgb } from '../../format/terminal-text.ts'

/** The least contrast that WCAG AA asks of small text, and a little more, since rounding takes some. */
const CONTRAST = 4.6

/**
 * The contrast of two colours.
 *
 * @returns from 1 (not at all) to 21 (black on white), as WCAG 2 counts it
 */
export function contrastOf (one: Rgb, other: Rgb): number {
  const [darker = 0, lighter = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** Keeps a colour that can be read on the background, else goes towards black or white as far as is needed. */
export function readableOn (background: Rgb, color: Rgb): Rgb {
  const target: Rgb = luminanceOf(background) > 0.18 ? [0, 0, 0] : [255, 255, 255]
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(color, target, share)
    if (contrastOf(mixed, background) >= CONTRAST) return mixed
  }
  return target
}

function mix (from: Rgb, to: Rgb, share: number): Rgb {
  const part = (index: 0 | 1 | 2) => Math.round(from[index] + (to[index] - from[index]) * share)
  return [part(0), part(1), part(2)]
}

function luminanceOf ([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

function linear (channel: number): number {
  const value = channel / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
