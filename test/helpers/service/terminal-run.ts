import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { StandInService } from '../../../packages/client/test/support/stand-in-service.ts'
import { RUN, temporaryFolder } from './executed-run.ts'
import { RUNCAST } from './runcast-command.ts'

/**
 * Runs a script as the run RUN in a real terminal of 33 rows and 99 columns.
 *
 * @param flags options of `runcast exec`
 * @param beside a shell text that runs at the same time in the terminal
 */
export async function execAtTerminal (t: Test, service: StandInService, script: string, flags = '', beside = ':') {
  const file = join(await temporaryFolder(t), 'command.sh')
  await writeFile(file, script)
  const terminal = spawn('script', ['-qec', `stty rows 33 cols 99; { ${beside}; } & ${process.execPath} ${RUNCAST} exec ${flags} --run-id ${RUN} -- sh ${file}; code=$?; stty -a | grep -q ' icanon' && echo restored; exit $code`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', RUNCAST_URL: service.url, RUNCAST_TOKEN: 'x' }
  })
  const output = { text: '' }
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => { output.text += text })
  t.teardown(() => terminal.kill('SIGKILL'))
  return { terminal, output, ended: once(terminal, 'close').then(([code]: (number | null)[]) => code) }
}
