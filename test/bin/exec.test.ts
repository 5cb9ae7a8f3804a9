import { randomBytes } from 'node:crypto'
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { startStandIn } from '../../packages/client/test/support/stand-in-service.ts'
import { exec, messages, published, RUN, statuses, temporaryFolder } from '../helpers/service/executed-run.ts'
import { CLONE, runcast } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

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
  const runId = /\/runs\/(true-\d{8}-\d{6}-[0-9a-f]{6})\n/.exec(output.stderr)?.[1]
  t.match(service.events(runId ?? '')[0], { type: 'status_change', data: /^{"status":"queued","name":"true \/x y",/ })
})

test('a variable in place of the program is not told by the run id', async (t) => {
  const service = await startStandIn(t)
  const { code, output } = runcast(t, ['exec', '--url', service.url, '--token', 'secret', '--', 'API_KEY=s3cr3t', 'true'])
  t.equal(await code, 127)
  t.match(output.stderr, /\/runs\/API-KEY-\d{8}-/)
  t.notMatch(service.requests.map(({ body, path }) => `${path}${body}`).join(), 's3cr3t')
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
  const { code } = exec(t, service, ['seq', '1', '40000'])
  t.equal(await code, 0)
  const wrong = messages(service).findIndex((message, index) => message !== String(index + 1))
  t.equal(wrong, -1)
  t.equal(messages(service).length, 40_000)
})

test('lines are on their way within a moment, while the command goes on', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code } = exec(t, service, ['sh', '-c', 'echo first; exec sleep 30'])
  await waitUntil('the line is there', () => messages(service).includes('first'))
  child.kill('SIGTERM')
  t.equal(await code, 143)
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
