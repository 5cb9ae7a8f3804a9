import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { startStandIn } from '../../packages/client/test/support/stand-in-service.ts'
import { long } from '../faults/support/long.ts'
import { messages, published, RUN, temporaryFolder } from '../helpers/service/executed-run.ts'
import { RUNCAST } from '../helpers/service/runcast-command.ts'
import { execAtTerminal } from '../helpers/service/terminal-run.ts'
import { waitUntil } from '../helpers/wait-until.ts'

test('at a terminal the command has a terminal of its own, with size, keys and order', async (t) => {
  const service = await startStandIn(t)
  const { terminal, output, ended } = await execAtTerminal(t, service, 'tty >/dev/null && [ -t 1 ] && [ -t 2 ] && echo terminal; stty size; for i in 1 2 3; do echo out$i; echo err$i >&2; done; printf "name? "; read name; echo "hello $name"; exit 7')
  await waitUntil('it asks', () => output.text.includes('name? '))
  terminal.stdin.write('Ada\r')
  t.equal(await ended, 7)
  t.same(messages(service).filter((message) => !String(message).startsWith('name? ') && message !== 'Ada'),
    ['terminal', '33 99', 'out1', 'err1', 'out2', 'err2', 'out3', 'err3', 'hello Ada'])
  t.ok(published(service, 'log').every((payload) => !('stream' in payload)))
  t.match(output.text, 'out1\r\nerr1\r\n')
  t.match(output.text, 'restored')
})

test('at a terminal Ctrl-C reaches the command once, through its own terminal', async (t) => {
  const service = await startStandIn(t)
  const { terminal, ended, output } = await execAtTerminal(t, service, 'trap "echo interrupted" INT; echo ready; sleep 20; echo over; exit 4')
  await waitUntil('the command is ready', () => messages(service).includes('ready'))
  terminal.stdin.write('\u0003')
  t.equal(await ended, 4)
  t.same(messages(service).map((message) => String(message).replace('^C', '')), ['ready', 'interrupted', 'over'])
  t.match(published(service).at(-1), { status: 'cancelled', exit_code: 4, reason: 'SIGINT' })
  t.match(output.text, 'restored')
})

test('nothing of the end is lost at a terminal', async (t) => {
  for (let n = 0; n < long(4, 40); n++) {
    const service = await startStandIn(t)
    const { ended } = await execAtTerminal(t, service, 'seq 1 3000')
    t.equal(await ended, 0)
    t.equal(messages(service).length, 3000)
    await service.stop()
  }
})

test('at a terminal a new size reaches the command', async (t) => {
  const service = await startStandIn(t)
  const folder = await temporaryFolder(t)
  const { ended } = await execAtTerminal(t, service, 'trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.05; done', '',
    `until [ -e ${folder}/go ]; do sleep 0.05; done; stty rows 40 cols 111 </dev/tty`)
  await waitUntil('the command is ready', () => messages(service).includes('ready'))
  await writeFile(join(folder, 'go'), '')
  t.equal(await ended, 5)
  t.same(messages(service), ['ready', '40 111'])
})

test('an exec that is stopped gives the terminal back, and takes it again when it goes on', async (t) => {
  const service = await startStandIn(t)
  const { terminal, ended } = await execAtTerminal(t, service, 'echo $PPID; read name; echo "hello $name"')
  await waitUntil('the command is ready', () => messages(service).length === 1)
  const pid = Number(messages(service)[0])
  const isRaw = () => execFileSync('stty', ['-a', '-F', readlinkSync(`/proc/${pid}/fd/0`)], { encoding: 'utf8' }).includes('-icanon')
  t.ok(isRaw())
  process.kill(pid, 'SIGTSTP')
  await waitUntil('it is stopped', () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') T '))
  t.notOk(isRaw())
  process.kill(pid, 'SIGCONT')
  await waitUntil('it has the terminal again', isRaw)
  terminal.stdin.write('Ada\r')
  t.equal(await ended, 0)
  t.equal(messages(service).at(-1), 'hello Ada')
})

const CLOSED_TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
output = b''
while b'ready' not in output: output += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

for (const flags of [[], ['--no-tty']]) {
  test(`a terminal that is closed ends the command and exec, and the run is told ${flags.join()}`, async (t) => {
    const service = await startStandIn(t)
    const { stdout } = await promisify(execFile)('python3', ['-c', CLOSED_TERMINAL, process.execPath, RUNCAST, 'exec', ...flags, '--run-id', RUN, '--', 'sh', '-c', 'echo ready; exec sleep 60'], {
      env: { PATH: process.env['PATH'], RUNCAST_URL: service.url, RUNCAST_TOKEN: 'x' }
    })
    t.equal(stdout, '-1\n')
    t.match(published(service).at(-1), { status: 'cancelled', exit_code: 129, reason: 'SIGHUP' })
  })
}

test('SIGINT to exec alone reaches a command without a terminal of its own', async (t) => {
  const service = await startStandIn(t)
  const { ended } = await execAtTerminal(t, service, 'trap "exit 6" INT; echo $PPID; while :; do sleep 0.05; done', '--no-tty')
  await waitUntil('the command is ready', () => messages(service).length === 1)
  process.kill(Number(messages(service)[0]), 'SIGINT')
  t.equal(await ended, 6)
  t.match(published(service).at(-1), { status: 'cancelled', exit_code: 6, reason: 'SIGINT' })
})
