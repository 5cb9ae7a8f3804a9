import { chmod } from 'node:fs/promises'
import { test, type Test } from 'tap'
import { startStandIn } from '../../packages/client/test/support/stand-in-service.ts'
import { exec, messages, published, temporaryFolder } from '../helpers/service/executed-run.ts'
import { execAtTerminal } from '../helpers/service/terminal-run.ts'
import { waitUntil } from '../helpers/wait-until.ts'

test('stdout and stderr that are one file keep their order, and have no stream', async (t) => {
  const service = await startStandIn(t)
  const { ended } = await execAtTerminal(t, service, '[ -t 1 ] || echo pipe; for i in 1 2 3; do echo out$i; echo err$i >&2; done', '--no-tty')
  t.equal(await ended, 0)
  t.same(messages(service), ['pipe', 'out1', 'err1', 'out2', 'err2', 'out3', 'err3'])
  t.ok(published(service, 'log').every((payload) => !('stream' in payload)))
})

test('a part of a line goes out after a while, and the next line continues it', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'printf "name? "; read name; echo there'], { input: null })
  await waitUntil('the prompt is told', () => messages(service).includes('name? '))
  child.stdin?.end('x\n')
  t.equal(await code, 0)
  t.match(published(service, 'log'), [{ message: 'name? ', cut: true }, { message: 'there', continues: true }])
})

test('the end of a line that was told already is no line of its own', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'printf "name? "; read name; echo; echo there'], { input: null })
  await waitUntil('the prompt is told', () => messages(service).includes('name? '))
  child.stdin?.end('x\n')
  t.equal(await code, 0)
  t.match(published(service, 'log'), [{ message: 'name? ', cut: true }, { message: 'there', continues: undefined }])
})

test('dots without a pause go out, too', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'while :; do printf .; sleep 0.1; done'])
  await waitUntil('dots are told', () => published(service, 'log').length >= 2)
  child.kill('SIGTERM')
  t.equal(await code, 143)
  t.ok(published(service, 'log').slice(0, 2).every(({ message, cut }) => /^\.+$/.test(String(message)) && cut === true))
})

test('of a line that is redrawn the newest state goes out, at most one a second', async (t) => {
  const service = await startStandIn(t)
  const { code } = exec(t, service, ['sh', '-c', 'for i in $(seq 1 25); do printf "\\r%s%%" $i; sleep 0.1; done; printf "\\r100%%\\nend\\n"'])
  t.equal(await code, 0)
  const lines = messages(service)
  t.same(lines.slice(-2), ['100%', 'end'])
  t.ok(lines.length >= 3 && lines.length <= 7, String(lines))
  t.ok(lines.slice(0, -1).every((line) => /^\d+%$/.test(String(line))))
})

test('Python writes its lines at once, unless it is told otherwise', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['python3', '-c', 'import time; print("now"); time.sleep(60)'])
  await waitUntil('the line is there', () => messages(service).includes('now'))
  child.kill('SIGTERM')
  t.equal(await code, 143)
})

test('without a folder for named pipes, or mkfifo, the command runs with plain pipes', async (t) => {
  for (const environment of [{ TMPDIR: '/proc/nowhere' }, { PATH: await folderWithoutMkfifo(t) }]) {
    const service = await startStandIn(t)
    const { code, output } = exec(t, service, ['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'], { environment })
    t.equal(await code, 3)
    t.same(messages(service).sort(), ['err', 'out'])
    t.match(output.stderr, 'plain pipes')
    t.equal(output.stdout, 'out\n')
  }
})

test('without a service to report to the command runs all the same', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = exec(t, service, ['sh', '-c', 'echo out; exit 3'], { environment: { RUNCAST_URL: 'nowhere' } })
  t.equal(await code, 3)
  t.equal(output.stdout, 'out\n')
  t.match(output.stderr, 'The command runs without being watched')
})

test('each event has its time, and no line is before the start', async (t) => {
  const service = await startStandIn(t)
  t.equal(await exec(t, service, ['echo', 'one']).code, 0)
  const times = published(service).map((payload) => String(payload['time']))
  t.ok(times.every((time) => new Date(time).toISOString() === time))
  t.same(times, [...times].sort())
})

test('kill -9 ends the command too', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'echo $$; exec sleep 60'])
  await waitUntil('the command is there', () => messages(service).length === 1)
  child.kill('SIGKILL')
  await code
  const pid = Number(messages(service)[0])
  await waitUntil('the command is gone', () => !isAlive(pid))
})

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function folderWithoutMkfifo (t: Test): Promise<string> {
  const folder = await temporaryFolder(t)
  await chmod(folder, 0o755)
  return folder
}
