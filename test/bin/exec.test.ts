import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test, type Test } from 'tap'
import { RUNCAST, runcast, type Runcast, type RuncastOptions } from '../helpers/runcast-command.ts'
import { problem, startStandIn, type StandInService } from '../helpers/stand-in-service.ts'
import { waitUntil } from '../helpers/wait-until.ts'

interface Payload {
  readonly [field: string]: unknown
}

const RUN = 'run-1'
const CLONE = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

function exec (t: Test, service: StandInService, command: string[], options: RuncastOptions & { flags?: string[] } = {}): Runcast {
  const environment = { RUNCAST_URL: service.url, RUNCAST_TOKEN: 'secret', ...options.environment }
  return runcast(t, ['exec', '--run-id', RUN, ...options.flags ?? [], '--', ...command], { ...options, environment })
}

function published (service: StandInService, type?: string): Payload[] {
  return service.events(RUN).filter((event) => type === undefined || event.type === type).map((event) => JSON.parse(event.data))
}

const messages = (service: StandInService) => published(service, 'log').map((payload) => payload['message'])
const statuses = (service: StandInService) => published(service, 'status_change').map((payload) => payload['status'])

test('a command becomes a run: its life, its lines with stream and time, its exit code and its duration', async (t) => {
  const service = await startStandIn(t)
  const startedAt = Date.now()
  const { code, output } = exec(t, service, ['sh', '-c', 'echo one; echo two; sleep 0.05; echo three >&2'], { flags: ['--name', 'three lines'] })
  t.equal(await code, 0)
  t.match(published(service), [
    { status: 'queued', name: 'three lines' },
    { status: 'running', previous_status: 'queued' },
    { level: 'info', message: 'one', stream: 'stdout' },
    { level: 'info', message: 'two', stream: 'stdout' },
    { level: 'info', message: 'three', stream: 'stderr' },
    { status: 'succeeded', previous_status: 'running', exit_code: 0 }
  ])
  for (const { time } of published(service, 'log')) {
    t.equal(new Date(String(time)).toISOString(), time)
    t.ok(Date.parse(String(time)) >= startedAt - 1)
  }
  t.ok(Number(published(service).at(-1)?.['duration_ms']) >= 50)
  t.equal(output.stdout, 'one\ntwo\n')
  const link = `runcast: ${service.url}/runs/${RUN}\n`
  t.equal(output.stderr, `${link}three\n${link}`)
})

test('without a run id and a name it makes them from the command', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = runcast(t, ['exec', '--url', service.url, '--token', 'secret', '--', 'true', '/x y'])
  t.equal(await code, 0)
  const runId = /\/runs\/(true-x-y-\d{8}-\d{6}-[0-9a-f]{6})\n/.exec(output.stderr)?.[1]
  t.match(service.events(runId ?? '')[0], { type: 'status_change', data: '{"status":"queued","name":"true /x y"}' })
})

test('the exit code passes through, and other than 0 the run has failed', async (t) => {
  const service = await startStandIn(t)
  t.equal(await exec(t, service, ['sh', '-c', 'exit 7']).code, 7)
  t.match(published(service).at(-1), { status: 'failed', exit_code: 7, error: 'exit code 7' })
})

test('a command that a signal kills gives 128 + n, and has failed', async (t) => {
  const service = await startStandIn(t)
  t.equal(await exec(t, service, ['sh', '-c', 'kill -9 $$']).code, 137)
  t.match(published(service).at(-1), { status: 'failed', exit_code: 137, signal: 'SIGKILL' })
})

test('a command that is not there gives 127, one that is not executable 126, and the run has failed', async (t) => {
  const service = await startStandIn(t)
  const missing = exec(t, service, ['no-such-command-here'])
  t.equal(await missing.code, 127)
  t.match(missing.output.stderr, 'runcast: no-such-command-here: command not found\n')
  t.same(statuses(service), ['queued', 'failed'])
  t.match(published(service).at(-1), { exit_code: 127, error: 'command not found' })
  t.equal(await exec(t, service, ['/etc/passwd']).code, 126)
})

test('output passes through byte by byte, and is told as text', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = exec(t, service, ['printf', 'a\\r\\nb\\n\\n\\377\\376 x\\n\\303\\244\\0\\033[31mred\\033[0m\\nlast without end'])
  t.equal(await code, 0)
  t.equal(output.stdout, 'a\r\nb\n\n\xff\xfe x\n\xc3\xa4\0\x1b[31mred\x1b[0m\nlast without end')
  t.same(messages(service), ['a', 'b', '', '\ufffd\ufffd x', 'ä\0\u001b[31mred\u001b[0m', 'last without end'])
})

test('a very long line is cut into marked pieces that are the line again together', async (t) => {
  const service = await startStandIn(t)
  const line = '0123456789äöü🎉'.repeat(8000)
  const { code } = exec(t, service, ['cat'], { input: `${line}\nshort\n` })
  t.equal(await code, 0)
  const pieces = published(service, 'log')
  t.equal(pieces.slice(0, -1).map((piece) => piece['message']).join(''), line)
  t.same(pieces.map((piece) => piece['cut']), [...pieces.slice(2).map(() => true), undefined, undefined])
  t.ok(pieces.every((piece) => Buffer.byteLength(String(piece['message'])) <= 32_768))
})

test('a line that begins with ::result:: and is JSON is a result, with its numbers as they are', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = exec(t, service, ['printf', '::result::{"n":1152921504606846977}\\n::result::not json\\n ::result::1\\n'])
  t.equal(await code, 0)
  t.match(service.requests.map((request) => request.body).join(), '"payload":{"content":{"n":1152921504606846977},"media_type":"application/json","stream":"stdout"')
  t.equal(published(service, 'result_preview').length, 1)
  t.same(messages(service), ['::result::not json', ' ::result::1'])
  t.match(output.stdout, '::result::{"n":1152921504606846977}\n')
})

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

test('stdin passes through', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = exec(t, service, ['tr', 'a-z', 'A-Z'], { input: 'hello\n' })
  t.equal(await code, 0)
  t.equal(output.stdout, 'HELLO\n')
})

test('a command can write to /dev/stdout and /dev/stderr', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = exec(t, service, ['sh', '-c', 'echo a > /dev/stderr; echo b > /dev/stdout'])
  t.equal(await code, 0)
  t.equal(output.stdout, 'b\n')
  t.same(messages(service).sort(), ['a', 'b'])
})

test('many lines arrive complete and in order', async (t) => {
  const service = await startStandIn(t)
  const { code } = exec(t, service, ['seq', '1', '120000'])
  t.equal(await code, 0)
  const wrong = messages(service).findIndex((message, index) => message !== String(index + 1))
  t.equal(wrong, -1)
  t.equal(messages(service).length, 120_000)
})

test('lines are on their way within a moment, while the command goes on', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'echo first; exec sleep 30'])
  await waitUntil('the line is there', () => messages(service).includes('first'))
  child.kill('SIGTERM')
  t.equal(await code, 143)
})

test('a reader that leaves ends the command as a pipe does', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'yes; kill -s PIPE $$'])
  await waitUntil('output comes', () => messages(service).length > 0)
  child.stdout?.destroy()
  t.equal(await code, 141)
})

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
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
  await writeFile(join(folder, 'end'), '')
  t.equal(await code, 0)
  const [gap] = published(service, 'log').filter((payload) => payload['left_out'] !== undefined)
  const kept = messages(service).filter((message) => /^\d+$/.test(String(message)))
  t.ok(kept.length >= 50_000)
  t.equal(kept.length + Number(gap?.['left_out']), 200_000)
  t.equal(messages(service).at(-1), 'last')
  t.match(output.stderr, `${String(gap?.['left_out'])} lines were left out`)
})

test('it is called in the folder of the caller, and the command finds the environment it would have without it', async (t) => {
  const service = await startStandIn(t)
  const folder = await realpath(await temporaryFolder(t))
  await mkdir(join(folder, 'sub'))
  const { code, output } = exec(t, service, ['sh', '-c', 'pwd; env'], {
    cwd: join(folder, 'sub'),
    environment: {
      PATH: `${CLONE}/node_modules/.bin:/x/run-script/lib/node-gyp-bin:${process.env['PATH'] ?? ''}`,
      INIT_CWD: folder,
      npm_lifecycle_event: 'npx',
      npm_command: 'exec',
      npm_config_prefix: CLONE,
      npm_config_local_prefix: CLONE,
      npm_config_cache: '/kept',
      npm_package_json: '/x/package.json',
      MINE: randomBytes(4).toString('hex')
    }
  })
  t.equal(await code, 0)
  const [cwd, ...lines] = output.stdout.trim().split('\n')
  const names = lines.map((line) => line.split('=')[0] ?? '')
  t.equal(cwd, join(folder, 'sub'))
  t.same(names.filter((name) => /^npm_|^INIT_CWD|^FORCE_COLOR/.test(name)), ['npm_config_cache'])
  t.ok(names.includes('MINE'))
  t.ok(lines.includes(`PATH=${process.env['PATH']}`))
})

test('through npx from another project it runs there, with that project\'s scripts', async (t) => {
  const service = await startStandIn(t)
  const folder = await realpath(await temporaryFolder(t))
  await writeFile(join(folder, 'package.json'), '{"name":"other","scripts":{"where":"node -p \\"process.cwd() + process.env.npm_package_name + process.env.npm_config_prefix\\""}}')
  const script = `cd ${folder} && npx --prefix ${CLONE} runcast exec --run-id ${RUN} -- npm run --silent where > out; echo $? >> out`
  const { code } = exec(t, service, ['sh', '-c', script], { environment: { HOME: folder } })
  t.equal(await code, 0)
  const out = await readFile(join(folder, 'out'), 'utf8')
  t.ok(out.startsWith(`${folder}other`))
  t.notMatch(out, CLONE)
  t.ok(out.endsWith('\n0\n'))
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

test('in a terminal Ctrl-C reaches the command once, and the command is told to colour', async (t) => {
  const service = await startStandIn(t)
  const folder = await temporaryFolder(t)
  const file = join(folder, 'command.sh')
  await writeFile(file, 'trap "echo interrupted" INT; echo colour $FORCE_COLOR; echo ready; sleep 20; echo over; exit 4')
  const terminal = spawn('script', ['-qec', `exec ${process.execPath} ${RUNCAST} exec --run-id ${RUN} -- sh ${file}`, '/dev/null'], {
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

test('what makes no sense is said, and nothing is run', async (t) => {
  const environment = { RUNCAST_URL: 'http://127.0.0.1:1', RUNCAST_TOKEN: 'x' }
  const wrong: [string[], RegExp][] = [
    [['exec'], /exec needs a command/],
    [['exec', '--'], /exec needs a command/],
    [['exec', '--run-id', 'a/b', '--', 'echo', 'ran'], /a run id has/],
    [['exec', '--nonsense', 'x', '--', 'echo', 'ran'], /nonsense/],
    [['exec', '--url', 'nowhere', '--', 'echo', 'ran'], /not the address of a service/],
    [['dance'], /there is no command "dance"/]
  ]
  for (const [args, reason] of wrong) {
    const { code, output } = runcast(t, args, { environment })
    t.equal(await code, 2, args.join(' '))
    t.match(output.stderr, reason)
    t.equal(output.stdout, '')
  }
})

async function temporaryFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runcast-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
