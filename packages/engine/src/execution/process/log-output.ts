import { createLineSplitter } from '@runcast/client/lines'
import type { Readable } from 'node:stream'
import type { TaskExecution } from '../task-execution.ts'

/** The longest line in a log event, in bytes; a longer one is several. */
const MAX_LINE_BYTES = 16_384

/**
 * Publishes the lines of a process as log events, no faster than the service takes them. Resolves when the output has
 * ended.
 *
 * @param onChunk called with each piece of output before it is cut into lines
 */
export async function logOutput ({ run, place }: TaskExecution, source: Readable, stream: 'stdout' | 'stderr', onChunk: (chunk: Buffer) => void): Promise<void> {
  const lines = createLineSplitter(MAX_LINE_BYTES)
  const mask = run.events.lines()
  const show = (shown: readonly string[]) => {
    for (const line of shown) run.events.log('info', line, place.pointer, stream)
  }
  try {
    for await (const chunk of source) {
      onChunk(chunk)
      show(lines.push(chunk).flatMap(({ text }) => mask.push(text)))
      await run.events.ready()
    }
  } catch (error) {
    // A stream that is destroyed because its process is gone has ended as well.
    if (!source.destroyed || !isPremature(error)) throw error
  } finally {
    show(lines.end().flatMap(({ text }) => mask.push(text)))
    show(mask.end())
  }
}

function isPremature (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
}
