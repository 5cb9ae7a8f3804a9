import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'

// Loaded into a service before it starts, and changes nothing else. Answers every message of the parent with the memory
// after a full garbage collection, and ends the process when the parent is gone. Threads load it too.
if (isMainThread) {
  process.on('message', async () => {
    globalThis.gc()
    // Buffers that were found unused are given back a little later.
    await delay(100)
    globalThis.gc()
    process.send(process.memoryUsage())
  })
  process.on('disconnect', () => process.exit(1))
  process.channel.unref()
}
