import { test } from 'tap'
import { startProcess } from '../../src/execution/process/process-group.ts'

/** Keeps this process from doing anything, as a machine under load does. */
function freeze (milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

test('output that waits while the engine is busy is not taken for silence', async (t) => {
  // Once the process is gone, the reader has a part of the output, the stream's buffer another, the system the rest.
  // Buffer and system alone hold 128 KiB: more would keep the process from ending whenever the first part is small.
  const group = await startProcess({ program: process.execPath, arguments: ['-e', 'process.stdout.write("x".repeat(120000))'], environment: {} }, process.env)
  let length = 0
  for await (const chunk of group.stdout) {
    length += chunk.length
    await group.exit
    freeze(700)
  }
  t.equal(length, 120_000)
})
