// Loaded into a service before it starts, which otherwise runs as it is: answers every message of its parent with its
// memory after a full garbage collection, and ends the process when its parent is gone.
process.on('message', () => {
  globalThis.gc()
  process.send(process.memoryUsage())
})
process.on('disconnect', () => process.exit(1))
process.channel.unref()
