import { createLineSplitter, type OutputLine } from '@runcast/client/lines'
import { RESULT_PREFIX } from './run-reporter.ts'

/** JSON writes a byte as six at most, so that a line of this length stays below the service's limit of 256 KiB. */
const LINE_BYTES = 32_768
const RESULT_BYTES = 245_760
/** The silence after which a part of a line is told, and the least time between two states of a redrawn line. */
const PART_MS = 1_000
/** The longest time for which a part of a line waits for the rest while output goes on, such as the dots of a test runner. */
const MOST_PART_MS = 2_000

/** Makes lines of one output of the command. */
export interface OutputLines {
  push (chunk: Buffer): void
  /** Tells the rest when the output has ended. */
  end (): void
}

/**
 * Makes the lines of an output. A line that does not end goes out in parts: each part is marked as cut, and the next
 * one continues it. Of a line that CR redraws only the newest state goes out, at most one a second.
 *
 * @param tell takes the lines
 */
export function createOutputLines (tell: (lines: readonly OutputLine[]) => void): OutputLines {
  const splitter = createLineSplitter(LINE_BYTES, { prefix: RESULT_PREFIX, maxBytes: RESULT_BYTES }, true)
  let timer: NodeJS.Timeout | null = null
  let waitingSince = 0

  function stopWaiting (): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
  }

  function tellPart (): void {
    timer = null
    tell(splitter.part())
  }

  return {
    push (chunk) {
      const lines = splitter.push(chunk)
      tell(lines)
      if (splitter.redrawn && timer !== null) return
      const now = performance.now()
      if (timer === null || lines.length > 0) waitingSince = now
      stopWaiting()
      if (splitter.waiting > 0) timer = setTimeout(tellPart, Math.min(PART_MS, waitingSince + MOST_PART_MS - now))
    },
    end () {
      stopWaiting()
      tell(splitter.end())
    }
  }
}
