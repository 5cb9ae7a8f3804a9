import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { problem, startStandIn } from '../../packages/client/test/support/stand-in-service.ts'
import { exec, messages, published, RUN, statuses, temporaryFolder } from '../helpers/service/executed-run.ts'
import { CLONE, RUNCAST } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

test('a result that the service refuses does not take the lines around it with it, and is told', async (t) => {
  const service = await startStandIn(t)
  const refuseResult = (times: number) => {
    if (times > 0) {
      service.next.publish.push((response, request) => {
        refuseResult(times - 1)
        if (request.body.includes('result_preview')) problem(413, 'payload_too_large')(response, request)
        else service.answerPublish(response, request)
      })
    }
  }
  refuseResult(20)
  const { code, output } = exec(t, service, ['printf', 'before\\n::result::1\\nafter\\n'])
  t.equal(await code, 0)
  t.same(messages(service), ['before', 'after'])
  t.same(statuses(service), ['queued', 'running', 'succeeded'])
  t.match(output.stderr, 'refused with payload_too_large')
  t.match(output.stderr, '1 event of the run could not be delivered')
})

test('a reader that leaves ends the command as a pipe does', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'yes; kill -s PIPE $$'])
  await waitUntil('output comes', () => messages(service).length > 0)
  child.stdout?.destroy()
  t.equal(await code, 141)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const) {
  test(`${signal} is passed on, and the run is cancelled`, async (t) => {
    const service = await startStandIn(t)
    const { process: child, code } = exec(t, service, ['sh', '-c', `trap 'echo got it; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`])
    await waitUntil('the command is ready', () => messages(service).includes('ready'))
    child.kill(signal)
    t.equal(await code, 5)
    t.same(messages(service), ['ready', 'got it'])
    t.match(published(service).at(-1), { status: 'cancelled', exit_code: 5, reason: signal })
  })
}

test('a process left behind with the output open does not hold the command for ever', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code, output } = exec(t, service, ['sh', '-c', 'sleep 60 & echo $!; wait'])
  await waitUntil('the command is ready', () => output.stdout.includes('\n'))
  t.teardown(() => process.kill(Number(output.stdout)))
  child.kill('SIGTERM')
  t.equal(await code, 143)
  t.match(output.stderr, 'left behind')
})

test('while the service is away the command goes on, and all is delivered when it is back', async (t) => {
  const service = await startStandIn(t)
  const folder = await temporaryFolder(t)
  const { code, output } = exec(t, service, ['sh', '-c', `seq 1 5; until [ -e ${folder}/go ]; do sleep 0.02; done; seq 6 1000; touch ${folder}/done; until [ -e ${folder}/end ]; do sleep 0.02; done`])
  await waitUntil('the first lines are there', () => messages(service).length === 5)
  await service.stop()
  await writeFile(join(folder, 'go'), '')
  await waitUntil('the command has gone on', async () => (await readdir(folder)).includes('done'))
  await waitUntil('it is said', () => output.stderr.includes('does not answer'))
  await service.start()
  await waitUntil('it is said again', () => output.stderr.includes('The service is back.'))
  await writeFile(join(folder, 'end'), '')
  t.equal(await code, 0)
  t.same(messages(service), Array.from({ length: 1000 }, (_, index) => String(index + 1)))
  t.equal(output.stderr.match(/does not answer/g)?.length, 1)
})

test('when the service stays away the command still ends with its own code, and what is lost is said', async (t) => {
  const service = await startStandIn(t)
  await service.stop()
  const { process: child, code, output } = exec(t, service, ['sh', '-c', 'seq 1 10; exit 3'])
  await waitUntil('it waits to deliver', () => output.stderr.includes('Trying for a few seconds more'))
  child.kill('SIGINT')
  t.equal(await code, 3)
  t.match(output.stderr, '13 events of the run could not be delivered.')
})

test('a service that refuses everything is said once, and the command goes on', async (t) => {
  const service = await startStandIn(t)
  for (let n = 0; n < 50; n++) service.next.publish.push(problem(403, 'scope_missing'))
  const { code, output } = exec(t, service, ['seq', '1', '10'])
  t.equal(await code, 0)
  t.equal(output.stdout.split('\n').length, 11)
  t.equal(output.stderr.match(/does not allow/g)?.length, 1)
})

test('output beyond the buffer is left out, counted, and said in the run', async (t) => {
  const service = await startStandIn(t)
  await service.stop()
  const folder = await temporaryFolder(t)
  const { code, output } = exec(t, service, ['sh', '-c', `seq 1 200000; touch ${folder}/done; until [ -e ${folder}/end ]; do sleep 0.02; done; echo last`])
  await waitUntil('the command has gone on', async () => (await readdir(folder)).includes('done'))
  await service.start()
  await waitUntil('the service is back', () => output.stderr.includes('The service is back.'))
  // On a slow machine the kept lines may take longer than the time that is left at the end.
  await waitUntil('what was kept has come', () => published(service, 'log').length >= 50_000)
  await writeFile(join(folder, 'end'), '')
  t.equal(await code, 0)
  const [gap] = published(service, 'log').filter((payload) => payload['left_out'] !== undefined)
  const kept = messages(service).filter((message) => /^\d+$/.test(String(message)))
  t.ok(kept.length >= 50_000)
  t.equal(kept.length + Number(gap?.['left_out']), 200_000)
  t.equal(messages(service).at(-1), 'last')
  t.match(output.stderr, `${String(gap?.['left_out'])} lines were left out`)
})

test('when the npx that started it is killed, the command is too', async (t) => {
  const service = await startStandIn(t)
  const npx = spawn('npx', ['--prefix', CLONE, 'runcast', 'exec', '--run-id', RUN, '--', 'sh', '-c', 'trap "echo told; exit" TERM; echo ready; while :; do sleep 0.05; done'], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], HOME: await temporaryFolder(t), RUNCAST_URL: service.url, RUNCAST_TOKEN: 'x' }
  })
  await waitUntil('the command is ready', () => messages(service).includes('ready'))
  npx.kill('SIGTERM')
  await waitUntil('the run is cancelled', () => statuses(service).includes('cancelled'))
  t.same(messages(service), ['ready', 'told'])
})

test('in a terminal without one of its own Ctrl-C reaches the command once, and the command is told to colour', async (t) => {
  const service = await startStandIn(t)
  const folder = await temporaryFolder(t)
  const file = join(folder, 'command.sh')
  await writeFile(file, 'trap "echo interrupted" INT; echo colour $FORCE_COLOR; echo ready; sleep 20; echo over; exit 4')
  const terminal = spawn('script', ['-qec', `exec ${process.execPath} ${RUNCAST} exec --no-tty --run-id ${RUN} -- sh ${file}`, '/dev/null'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', RUNCAST_URL: service.url, RUNCAST_TOKEN: 'x' }
  })
  const ended = once(terminal, 'close')
  t.teardown(() => terminal.kill('SIGKILL'))
  await waitUntil('the command is ready', () => messages(service).includes('ready'))
  terminal.stdin.write('\u0003')
  t.same(await ended, [4, null])
  t.same(messages(service), ['colour 2', 'ready', 'interrupted', 'over'])
  t.match(published(service).at(-1), { status: 'cancelled', exit_code: 4, reason: 'SIGINT' })
})
