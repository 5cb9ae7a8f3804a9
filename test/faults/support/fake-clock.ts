import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryDirectory } from '../../helpers/service/app.ts'

/** The clock of one host, which a test can set. */
export interface FakeClock {
  /** The variables that make a program go by this clock. */
  readonly env: Readonly<Record<string, string>>
  /** Sets it so many seconds ahead of the true time, or, when negative, behind it. */
  set (seconds: number): void
}

/** Makes a clock that shows the true time until it is set: https://github.com/wolfcw/libfaketime */
export async function startFakeClock (t: Test): Promise<FakeClock> {
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'offset')
  const set = (seconds: number) => {
    // A rename replaces the file at once, so that no program reads half of it.
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}s\n`)
    renameSync(`${file}.new`, file)
  }
  set(0)
  const library = execFileSync('faketime', ['-f', '+0s', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim()
  return {
    env: {
      // Redis' own allocator asks for the time before libfaketime can answer. The C library's allocator replaces it.
      LD_PRELOAD: `libc_malloc_debug.so.0 ${library}`,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // A step changes the time of day, not the length of a wait.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1'
    },
    set
  }
}
