import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Diagnostics, Tick } from '../../schemas/diagnostics.ts'
import { encodeFrame } from '../sse/encoder.ts'

/** The tick that is large, counted from the last one: a few small ones follow it. */
const PADDED_FROM_LAST = 2

/** More than the buffers of usual gateways, in bytes; random, so that it does not shrink by compression. */
const PADDING_BYTES = 49_152

/**
 * The frames of a diagnostics stream: its first frame, then each tick at its time.
 *
 * @param signal ends the waiting, and so the frames
 */
export async function * diagnosticFrames (first: Diagnostics, signal: AbortSignal): AsyncGenerator<string, void, void> {
  yield encodeFrame({ event: 'diagnostics', data: JSON.stringify(first) })
  for (let sequence = 1; sequence <= first.ticks; sequence++) {
    await delay(first.interval_ms, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    const isPadded = sequence > 1 && sequence === first.ticks - PADDED_FROM_LAST
    const tick: Tick = {
      sequence,
      sent_at: Date.now(),
      ...(isPadded ? { padding: randomBytes(PADDING_BYTES).toString('base64') } : {})
    }
    yield encodeFrame({ event: 'tick', data: JSON.stringify(tick) })
  }
}
