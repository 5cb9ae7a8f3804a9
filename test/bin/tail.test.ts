import { test, type Test } from 'tap'
import { gatewayPage, problem, startStandIn, streamText, type StandInService } from '../../packages/client/test/support/stand-in-service.ts'
import { runcast, type RuncastOptions } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const RUN = 'run-1'

function tail (t: Test, service: StandInService, args: string[] = [], options: RuncastOptions = {}) {
  const environment = { RUNCAST_URL: service.url, RUNCAST_TOKEN: 'secret', TZ: 'UTC', ...options.environment }
  return runcast(t, ['tail', RUN, ...args], { ...options, environment })
}

function append (service: StandInService, type: string, payload: unknown): void {
  service.append(RUN, type, payload)
}

test('log lines, statuses and results are printed with their time', async (t) => {
  const service = await startStandIn(t)
  append(service, 'status_change', { status: 'running' })
  append(service, 'log', { level: 'info', message: 'compiling', stream: 'stdout', time: '2026-11-23T10:15:00.123Z' })
  append(service, 'log', { level: 'warning', message: 'two\nlines', stream: 'stderr', time: '2026-11-23T10:15:00.124Z' })
  append(service, 'log', { message: 'in a step', step: 'build' })
  append(service, 'status_change', { status: 'succeeded', step: 'build' })
  append(service, 'result_preview', { content: { answer: 42 } })
  append(service, 'custom', { any: 'thing' })
  append(service, 'log', 'no object')
  append(service, 'status_change', { status: 'succeeded', exit_code: 0, duration_ms: 1500 })
  const { code, output } = tail(t, service)
  t.equal(await code, 0)
  t.same(output.stdout.split('\n'), [
    '16:00:00.001 status     running',
    '10:15:00.123 info     | compiling',
    '10:15:00.124 warning  ! two',
    '                        lines',
    '16:00:00.004 info     | [build] in a step',
    '16:00:00.005 status     build: succeeded',
    '16:00:00.006 result     {"answer":42}',
    '16:00:00.007 custom     {"any":"thing"}',
    '16:00:00.008 log        "no object"',
    '16:00:00.009 status     succeeded  (exit code 0, 1.5 s)',
    ''
  ])
  t.equal(output.stderr, '')
})

test('of an error its message or detail is printed', async (t) => {
  const service = await startStandIn(t)
  append(service, 'status_change', { status: 'failed', step: 'a', error: { title: 'Bad', status: 500, detail: 'The disk is full.' } })
  append(service, 'status_change', { status: 'failed', error: { message: 'no more', code: 3 }, time: '2026-11-23T10:15:00.123Z' })
  const { code, output } = tail(t, service)
  t.equal(await code, 1)
  t.match(output.stdout, 'a: failed  (The disk is full.)\n')
  t.match(output.stdout, '10:15:00.123 status     failed  (no more)\n')
})

test('it exits 0 for a run that succeeded, 1 for one that failed, 2 for any other, whatever the word', async (t) => {
  const service = await startStandIn(t)
  for (const [status, expected] of [['succeeded', 0], ['Completed', 0], ['failed', 1], ['cancelled', 2], ['timed_out', 1], ['skipped', 0], ['verified', 2]] as const) {
    service.next.stream.push(streamText(`id: 1-1\nevent: stream_end\ndata: {"status":"${status}"}\n\n`))
    t.equal(await tail(t, service).code, expected, status)
  }
  service.next.stream.push(streamText('id: 1-0\nevent: stream_end\ndata: {"status":null}\n\n'))
  t.equal(await tail(t, service).code, 2, 'unknown')
  for (const [outcome, expected] of [['succeeded', 0], ['failed', 1], ['cancelled', 2]] as const) {
    service.next.stream.push(streamText('id: 1-1\nevent: stream_end\ndata: {"status":"verified"}\n\n'))
    service.next.other.push((response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ status: 'verified', outcome })))
    t.equal(await tail(t, service).code, expected, 'the service decides')
  }
})

test('when nothing follows the cursor of a finished run it asks how the run ended', async (t) => {
  const service = await startStandIn(t)
  append(service, 'status_change', { status: 'failed' })
  t.equal(await tail(t, service, ['--from', 'now']).code, 1)
  t.equal(service.requests.at(-1)?.path, `/api/v1/workflow-runs/${RUN}`)
})

test('colours come where they are wanted, and nothing else that a terminal obeys', async (t) => {
  const service = await startStandIn(t)
  append(service, 'log', { level: 'error', message: 'a\u001b[32mgreen\u001b[2J\u0007\u001b]0;title\u0007b\u009b31m\rc' })
  append(service, 'status_change', { status: 'succeeded' })
  const plain = tail(t, service)
  await plain.code
  t.match(plain.output.stdout, 'error    | agreenbc\n')
  const coloured = tail(t, service, [], { environment: { FORCE_COLOR: '1' } })
  await coloured.code
  t.match(coloured.output.stdout, '\u001b[31merror   \u001b[39m')
  t.match(coloured.output.stdout, 'a\u001b[32mgreenbc\u001b[0m\n')
  const unwanted = tail(t, service, [], { environment: { FORCE_COLOR: '1', NO_COLOR: '1' } })
  await unwanted.code
  t.equal(unwanted.output.stdout, plain.output.stdout)
})

test('it reconnects without losing or doubling a line, and says so', async (t) => {
  const service = await startStandIn(t)
  append(service, 'log', { message: 'one' })
  const { code, output } = tail(t, service)
  await waitUntil('the first line is printed', () => output.stdout.includes('one'))
  await service.stop()
  await waitUntil('it is said', () => output.stderr.includes('does not answer'))
  append(service, 'log', { message: 'two' })
  await service.start()
  await waitUntil('the second line is printed', () => output.stdout.includes('two'))
  append(service, 'status_change', { status: 'succeeded' })
  t.equal(await code, 0)
  t.same(output.stdout.match(/one|two/g), ['one', 'two'])
  t.match(output.stderr, /^runcast: The service does not answer .*\nruncast: Connected again\.\n$/)
})

test('a gap is printed where it is', async (t) => {
  const service = await startStandIn(t)
  const gap = (data: object) => `id: 1-7\nevent: stream_gap\ndata: ${JSON.stringify({ requested: null, resumed_after: '1-7', history_url: `/api/v1/workflow-runs/${RUN}/events`, ...data })}\n\n`
  const end = 'id: 1-7\nevent: stream_end\ndata: {"status":"succeeded"}\n\n'
  service.next.stream.push(streamText(gap({ reason: 'expired', lost: 7 }) + gap({ reason: 'forked', lost: null }) + end))
  const { code, output } = tail(t, service)
  t.equal(await code, 0)
  t.same(output.stdout.split('\n'), [
    `--- 7 events are missing here: no longer kept. What is kept: ${service.url}/api/v1/workflow-runs/${RUN}/events ---`,
    `--- The history of this run has changed: what was printed after event 1-7 no longer holds. What is kept: ${service.url}/api/v1/workflow-runs/${RUN}/events ---`,
    ''
  ])
})

test('where to begin is asked of the service', async (t) => {
  const service = await startStandIn(t)
  for (const [args, query] of [[['--tail', '5'], 'tail=5'], [['--from', 'now'], 'from=now'], [['--from', 'first'], '']] as const) {
    service.next.stream.push(streamText('id: 1-1\nevent: stream_end\ndata: {"status":"succeeded"}\n\n'))
    await tail(t, service, [...args]).code
    t.equal(service.requests.findLast(({ path }) => path.endsWith('/stream'))?.query.toString(), query)
  }
  for (const args of [['--tail', '-1'], ['--tail=x'], ['--from', 'then'], ['--from', 'now', '--tail', '1'], ['another']]) {
    t.equal(await tail(t, service, args).code, 2, args.join(' '))
  }
})

test('a run that has not begun is waited for, until Ctrl-C, which gives 130', async (t) => {
  const service = await startStandIn(t)
  const { process: child, code, output } = tail(t, service)
  await waitUntil('it says so', () => output.stderr.includes('has not begun yet'))
  child.kill('SIGINT')
  t.equal(await code, 130)
})

test('a refusal is final and said in words', async (t) => {
  const service = await startStandIn(t)
  for (const [status, words] of [[401, 'does not accept the token'], [403, 'does not allow this'], [404, 'refused with run_not_found']] as const) {
    service.next.stream.push(problem(status, 'run_not_found'))
    const { code, output } = tail(t, service)
    t.equal(await code, 2)
    t.match(output.stderr, words)
  }
})

test('where the service has never answered it gives up after ten pages of something else, and names them', async (t) => {
  await Promise.all([403, 502].map(async (status) => {
    const service = await startStandIn(t)
    for (let answer = 0; answer < 20; answer++) service.next.stream.push(gatewayPage(status))
    const { code, output } = tail(t, service)
    t.equal(await code, 2)
    t.match(output.stderr, `The answer is not from Runcast: ${status} text/html nginx.`)
    t.notMatch(output.stderr, 'does not allow')
    t.equal(service.requests.length, 10)
  }))
})

test('a page of a gateway between two connections passes', async (t) => {
  const service = await startStandIn(t)
  append(service, 'log', { message: 'kept' })
  append(service, 'status_change', { status: 'succeeded' })
  service.next.stream.push(streamText('retry: 1\nid: 0-0\nevent: stream_open\ndata: {"run_id":"run-1","mode":"fresh","position":"0-0","status":null}\n\n', 'break'), gatewayPage(404), gatewayPage(200))
  const { code, output } = tail(t, service)
  t.equal(await code, 0)
  t.match(output.stdout, 'kept')
})
