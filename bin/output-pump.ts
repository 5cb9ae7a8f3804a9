import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { CommandOutput, OutputName } from './command-outputs.ts'
import { say } from './terminal.ts'

/** Passes the outputs of a command on. */
export interface OutputPump {
  /**
   * Waits for the end of the outputs when the command is over.
   *
   * @param silenceMs the time that processes which it left behind may hold them open in silence
   */
  end (silenceMs: number): Promise<void>
}

/**
 * Begins to pass outputs on. When nobody takes one any more (`| head`), its source is closed, and the command ends as
 * it does at a pipe.
 *
 * @param onOutput is called with output that has been passed on; the command waits while the promise is pending
 */
export function pumpOutputs (outputs: readonly CommandOutput[], onOutput: (output: OutputName, chunk: Buffer) => Promise<void>): OutputPump {
  let chunks = 0
  let busy = 0
  const stops: Array<() => void> = []

  async function pump ({ name, source, sink, close }: CommandOutput): Promise<void> {
    sink.on('error', close)
    stops.push(close)
    for await (const chunk of source) {
      chunks += 1
      busy += 1
      if (!sink.write(chunk)) await once(sink, 'drain')
      await onOutput(name, chunk)
      busy -= 1
    }
  }

  // Reading ends with an error when the source was closed here, or the terminal is gone.
  const done = Promise.all(outputs.map((output) => pump(output).catch(() => {}))).then(() => true)
  return {
    async end (silenceMs) {
      for (;;) {
        const before = chunks
        if (await Promise.race([done, delay(silenceMs, false, { ref: false })])) return
        if (chunks > before || busy > 0) continue
        stops.forEach((stop) => stop())
        say('A process that the command left behind still holds its output, which is not watched any longer.')
        await done
        return
      }
    }
  }
}
