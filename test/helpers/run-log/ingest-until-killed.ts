import { makeIngest } from './ingest-process.ts'

/** Takes part in the ingest of the Redis at `argv[2]`, with leases of `argv[3]` ms, until it is killed; prints its role when that changes. */
const quiet = () => {}
const { ingest } = makeIngest(
  { kind: 'standalone', url: process.argv[2] ?? '' },
  { debug: quiet, info: quiet, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`), error: quiet },
  Number(process.argv[3])
)

let told = ''
setInterval(() => {
  const { role } = ingest.stats()
  if (role !== told) process.stdout.write(`${role}\n`)
  told = role
}, 10)
ingest.start()
