import t from 'tap'
import { contrastOf, readableOn } from '../../../ui/src/run/model/readable-color.ts'
import type { Rgb } from '../../../ui/src/format/terminal-text.ts'

t.test('contrast is counted as WCAG does', async (t) => {
  t.equal(Math.round(contrastOf([0, 0, 0], [255, 255, 255])), 21)
  t.equal(contrastOf([10, 20, 30], [10, 20, 30]), 1)
})

t.test('every colour becomes readable on every background, and a readable one stays', async (t) => {
  const levels = [0, 64, 128, 192, 255]
  for (const background of [[255, 255, 255], [11, 14, 19], [245, 247, 250], [120, 120, 120]] satisfies Rgb[]) {
    for (const red of levels) {
      for (const green of levels) {
        for (const blue of levels) {
          const readable = readableOn(background, [red, green, blue])
          if (contrastOf(readable, background) < 4.4) t.fail(`${red},${green},${blue} on ${background.join()}`)
        }
      }
    }
  }
  t.same(readableOn([255, 255, 255], [100, 0, 0]), [100, 0, 0])
})
