import { test } from 'tap'
import { ends, logLines, startEngine, workflow } from '../support/engine.ts'
import { isAlive } from '../support/is-alive.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Writes a task that executes a program in JavaScript. */
const node = (script: string, more = '', shell = '') =>
  `{ run: { shell: { command: '${process.execPath}', arguments: [ -e, ${JSON.stringify(script)} ]${shell} }${more} } }`

test('a program gets its arguments, environment and input as they are', async (t) => {
  const { run } = await startEngine(t)
  const ended = await run(workflow(`
    - echo:
        run:
          shell:
            command: ${process.execPath}
            arguments: [ -e, 'process.stdin.on("data", (text) => console.log(JSON.stringify([ process.argv.slice(1), process.env.GIVEN, process.env.HIDDEN, String(text) ])))', '\${ .word }', '$(id); echo' ]
            environment: { GIVEN: '\${ .word }' }
            stdin: \${ .input }`), { word: 'a b', input: 'text' })
  t.equal(ended.output, '[["a b","$(id); echo"],"a b",null,"text"]\n')
  t.strictSame(logLines(ended.events, 'stdout'), ['[["a b","$(id); echo"],"a b",null,"text"]'])
})

test('a program does not see the environment of the engine', async (t) => {
  const { run } = await startEngine(t, { environment: { ...process.env, JWT_SECRET: 'not for you' } })
  const ended = await run(workflow(`- look: ${node('console.log(process.env.JWT_SECRET, typeof process.env.PATH)')}`))
  t.equal(ended.output, 'undefined string\n')
})

test('the output is the part that is asked for', async (t) => {
  const { run } = await startEngine(t)
  const script = 'console.log("out"); console.error("err"); process.exitCode = 3'
  for (const [wanted, output] of [['all', { code: 3, stdout: 'out\n', stderr: 'err\n' }], ['code', 3]]) {
    const ended = await run(workflow(`- program: ${node(script, `, return: ${String(wanted)}`)}`))
    t.strictSame(ended.output, output)
  }
  const ended = await run(workflow(`- program: ${node('console.error("err")', ', return: stderr')}\n- nothing: ${node('console.log(1)', ', return: none')}`))
  t.equal(ended.output, null)
  t.strictSame(logLines(ended.events, 'stderr'), ['err'])
})

test('the output of a program is complete, however fast it ended', async (t) => {
  const { run } = await startEngine(t)
  const ended = await run(workflow(`- program: ${node('for (let line = 1; line <= 60000; line++) process.stdout.write(line + "\\n")')}`))
  t.equal(logLines(ended.events, 'stdout').length, 60_000)
})

test('arguments that the system refuses fail the task', async (t) => {
  const { run } = await startEngine(t)
  for (const argument of ['"x" * 3000000', '"\\u0000"']) {
    const ended = await run(workflow(`- program: { run: { shell: { command: node, arguments: [ '\${ ${argument} }' ] } } }`))
    t.match(ended.error, { type: /errors\/runtime$/, detail: /could not be started/ })
  }
})

test('a program that cannot be executed fails the task', async (t) => {
  const { run } = await startEngine(t)
  await t.test('a program with an exit code', async (t) => {
    const ended = await run(workflow(`- program: ${node('console.error("no luck"); process.exit(3)')}`))
    t.match(ended.error, { type: /errors\/runtime$/, detail: /exit code 3/ })
    t.strictSame(logLines(ended.events, 'stderr'), ['no luck'])
  })
  await t.test('a program that is killed', async (t) => {
    const ended = await run(workflow(`- program: ${node('process.kill(process.pid, "SIGKILL")')}`))
    t.match(ended.error, { detail: /exit code 137/ })
  })
  await t.test('a program that does not exist', async (t) => {
    const ended = await run(workflow('- program: { run: { shell: { command: echo hello } } }'))
    t.match(ended.error, { type: /errors\/configuration$/, detail: /no program "echo hello"/ })
  })
  await t.test('output over the bound', async (t) => {
    const ended = await run(workflow(`- program: ${node('process.stdout.write(("x".repeat(9999) + String.fromCharCode(10)).repeat(300))')}`))
    t.match(ended.error, { type: /errors\/runtime$/, detail: /output of the process has more than 1048576 bytes/ })
  })
})

test('without permission no process is started', async (t) => {
  const { run } = await startEngine(t, { allowProcesses: false })
  const ended = await run(workflow(`- program: ${node('')}`))
  t.match(ended.error, { type: /errors\/authorization$/, detail: /ENGINE_ALLOW_PROCESSES/ })
})

test('a cancelled run ends its process with all children', async (t) => {
  const { engine, start, ended, events } = await startEngine(t)
  // A shell that ignores SIGTERM, with a child of its own.
  const runId = await start(workflow('- program: { run: { shell: { command: sh, arguments: [ -c, "trap \'\' TERM; sleep 1000 & echo $! $$; while :; do sleep 1; done" ] } } }'))
  await waitUntil('the process has printed its ids', () => logLines(events(runId), 'stdout').length === 1)
  const pids = String(logLines(events(runId), 'stdout')[0]).split(' ').map(Number)
  t.equal(await engine.cancel(runId, ''), 'cancelling')
  const run = await ended(runId)
  t.equal(run.status, 'cancelled')
  t.strictSame(ends(run.events), ['/do/0/program cancelled'])
  await waitUntil('the processes are gone', () => !pids.some(isAlive))
})

test('processes that a program has left behind are ended with it', async (t) => {
  const { run } = await startEngine(t)
  const ended = await run(workflow('- program: { run: { shell: { command: sh, arguments: [ -c, "sleep 1000 & echo $!" ] } } }'))
  t.equal(ended.status, 'succeeded')
  const pid = Number(ended.output)
  await waitUntil('the process is gone', () => !isAlive(pid))
})

test('a program that nobody awaits belongs to the run', async (t) => {
  const { run } = await startEngine(t)
  const ended = await run(workflow(`
    - background: ${node('setTimeout(() => console.log("late"), 100)', ', await: false')}
    - failing: ${node('process.exit(1)', ', await: false')}
    - next: { set: '\${ . }' }`), { kept: 1 })
  t.strictSame(ended.output, { kept: 1 })
  t.ok(logLines(ended.events, 'stdout').includes('late'))
  t.ok(logLines(ended.events).some((line) => /exit code 1/.test(line)))
})

test('secrets are masked in the lines and the output of a program', async (t) => {
  const secret = 'p&ss wörd/4711'
  const { run } = await startEngine(t, { environment: { ...process.env, PASSWORD: secret, LOGIN: '{"user":"ada","token":"tok-9876543210"}' } })
  const script = `
    const [ secret ] = process.argv.slice(1)
    console.log('plain ' + secret)
    console.log(secret.slice(0, 7)); console.log(secret.slice(7) + ' split')
    console.log(Buffer.from('x:' + secret).toString('base64'))
    console.log(Buffer.from('xy:' + secret).toString('base64'))
    console.log(encodeURIComponent(secret))
    console.log(JSON.stringify({ deep: 'tok-9876543210' }))`
  const ended = await run(workflow(`
    use: { secrets: [ PASSWORD, LOGIN ] }
    do:
      - print: { run: { shell: { command: '${process.execPath}', arguments: [ -e, ${JSON.stringify(script)}, '\${ $secrets.PASSWORD }' ] } } }
      - out: { set: { list: [ '\${ $secrets.LOGIN.token }' ], '\${ $secrets }': 1 } }`))
  const all = JSON.stringify(ended.events)
  for (const form of [secret, 'wörd/4711', 'p&ss w', Buffer.from(secret).toString('base64').slice(4, 12), encodeURIComponent(secret), 'tok-9876543210', '9876543210']) {
    t.notOk(all.includes(form), `${form} is masked`)
  }
  t.strictSame(logLines(ended.events, 'stdout').slice(0, 3), ['plain ***', '***', '*** split'])
})
