import type { Page } from 'playwright-core'

const RECORD = `
  globalThis.frames = []
  let last = performance.now()
  const frame = (now) => {
    frames.push(now - last)
    last = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)`

/** Notes from now on how long each frame of a page takes. @returns gives the times until then, in milliseconds */
export async function recordFrames (page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(RECORD)
  return () => page.evaluate('frames')
}

/** The time that 95 of 100 do not exceed. @param times milliseconds */
export function percentile95 (times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN
}
