// Publishes the events of a run with the client package, which batches, repeats and keeps the order.
//
//     export RUNCAST_URL=http://127.0.0.1:3000 RUNCAST_TOKEN=$(npx runcast token)
//     node examples/publisher.js example
import { createPublisher } from '@runcast/client'

const [, , runId] = process.argv
const { RUNCAST_URL: url = 'http://127.0.0.1:3000', RUNCAST_TOKEN: token = '' } = process.env

const publisher = createPublisher({
  url,
  token,
  onRetry: ({ attempt, error }) => console.error(`Attempt ${attempt} failed: ${error.message}`),
  // With this, nobody has to await each call.
  onError: (error) => {
    console.error(`Not stored: ${error.message}`)
    process.exitCode = 1
  }
})
const run = publisher.run(runId)

run.status('running', { name: 'Node example' })
let total = 0
for (const step of ['load', 'sum', 'report']) {
  run.status('running', { step })
  run.log(`${step} begins`)
  total += step.length
  run.status('succeeded', { step })
}
run.result({ characters: total })
run.status('succeeded')

// Resolves when everything is stored.
await publisher.close()
