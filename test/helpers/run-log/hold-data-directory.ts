import { acquireProcessLock } from '../../../services/lmdb/process-lock.ts'

/** Takes the process lock of the directory in `argv[2]`, says so or why not, and keeps it until it is killed. */
try {
  await acquireProcessLock(process.argv[2] ?? '')
  process.stdout.write('held\n')
  setInterval(() => {}, 60_000)
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
}
