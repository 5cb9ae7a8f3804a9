import { randomUUID } from 'node:crypto'
import { createEmbeddedRunLog } from '../../../services/run-log/embedded/embedded-run-log.ts'

/**
 * Appends to several runs of the embedded log in `argv[2]` until it is killed, and prints one line of JSON per
 * acknowledged batch: `[runId, ids, payloads]`.
 */
const log = createEmbeddedRunLog({
  directory: process.argv[2] ?? '',
  retention: { maxEvents: 1_000_000, maxBytes: 1_073_741_824, ttlSeconds: 3_600 },
  minFreeBytes: 0
})

async function appendForever (runId: string): Promise<never> {
  for (let batch = 0; ; batch++) {
    const payloads = Array.from({ length: 1 + batch % 5 }, (_, index) => `"${runId}/${batch}/${index}"`)
    const { ids } = await log.append({
      runId,
      tenant: '',
      events: payloads.map((data) => ({ type: 'log', data, effect: null })),
      appendId: randomUUID()
    })
    process.stdout.write(`${JSON.stringify([runId, ids, payloads])}\n`)
  }
}

await log.open()
process.stdout.write('"open"\n')
await Promise.all(['a', 'b', 'c'].map(appendForever))
