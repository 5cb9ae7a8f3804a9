import { execFileSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startRedis } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { CLONE } from '../helpers/service/runcast-command.ts'
import { TEST_SECRET, token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { startProgram } from '../scripts/project.ts'

const RUNS = '/api/v1/workflow-runs'
const JSON_HEADERS = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' }

const NOT_NEEDED = new Set(['.git', '.tap', 'coverage', 'data', 'node_modules', 'test'])

/** Copies the checkout as it is built, with the times of its files. */
async function copyCheckout (t: Test): Promise<string> {
  const folder = await temporaryDirectory(t)
  execFileSync('cp', ['-a', ...readdirSync(CLONE).filter((name) => !NOT_NEEDED.has(name)), folder], { cwd: CLONE })
  symlinkSync(join(CLONE, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

async function scriptOf (url: string): Promise<string> {
  const page = await (await fetch(url, { headers: { accept: 'text/html' } })).text()
  return /src="(\/assets\/index-[^"]+\.js)"/.exec(page)?.[1] ?? ''
}

t.test('a second start with changed sources takes nothing from a service that runs', async (t) => {
  const folder = await copyCheckout(t)
  const redis = await startRedis(t)
  const start = async (settings: Record<string, string>) => {
    const directory = await temporaryDirectory(t)
    const program = startProgram(t, folder, 'npm', ['start'], { PORT: '0', JWT_SECRET: TEST_SECRET, DATA_DIR: directory, ...settings })
    const url = await program.printed(/"msg":"Server listening at (http:\/\/127\.0\.0\.1:\d+)"/)
    return { program, url, directory }
  }

  const first = await start({ REDIS_URL: redis.url, WEB_CONCURRENCY: '2' })
  t.equal(first.program.stderr(), '', 'with everything built, nothing is built')
  const listening = () => [...first.program.stdout().matchAll(/"pid":(\d+)[^\n]*"msg":"Server listening/g)].map(([, pid]) => Number(pid))
  await waitUntil('both processes listen', () => listening().length === 2)
  const script = await scriptOf(first.url)
  const assets = join(folder, 'ui/dist/assets')
  const contents = new Map(readdirSync(assets).filter((name) => !/\.(?:br|gz)$/.test(name)).map((name) => [name, readFileSync(join(assets, name), 'utf8')]))
  t.ok(contents.size > 20)

  appendFileSync(join(folder, 'ui/src/main.tsx'), "\ndocument.title = 'newer'\n")
  appendFileSync(join(folder, 'packages/engine/src/index.ts'), "\nthrow new Error('the newer engine was loaded')\n")
  appendFileSync(join(folder, 'packages/engine/src/expression/jq-worker.ts'), '\nprocess.exit(9)\n')
  const second = await start({})
  t.equal(second.program.stderr().match(/^Building .*$/gm)?.toSorted().join(' '), 'Building engine. Building service. Building ui.')
  t.not(await scriptOf(second.url), script, 'the second one has newer pages')

  process.kill(listening()[0] ?? 0, 'SIGKILL')
  await waitUntil('a new process takes the place of one that was killed', () => new Set(listening()).size === 3)
  for (let request = 0; request < 8; request++) t.equal(await scriptOf(first.url), script, 'every process has the older page')
  for (const [name, content] of contents) {
    t.ok(await (await fetch(`${first.url}/assets/${name}`)).text() === content, `the first one still serves ${name}`)
  }

  // The engine is loaded, and its thread for expressions is started, when the first workflow needs them.
  const body = JSON.stringify({ workflow: 'hello', input: { name: 'Ada', greetings: 1 } })
  const started = await fetch(first.url + RUNS, { method: 'POST', headers: JSON_HEADERS, body })
  t.equal(started.status, 202)
  const { run_id: runId }: { run_id: string } = JSON.parse(await started.text())
  const readRun = async (): Promise<{ terminal: boolean, status: string }> => JSON.parse(await (await fetch(`${first.url}${RUNS}/${runId}`, { headers: JSON_HEADERS })).text())
  await waitUntil('the workflow has ended', async () => (await readRun()).terminal)
  t.equal((await readRun()).status, 'succeeded')

  appendFileSync(join(folder, 'ui/src/main.tsx'), "\ndocument.title = 'newest'\n")
  const refusals = {
    [`The data directory ${second.directory} is in use by process `]: { DATA_DIR: second.directory },
    'Something else listens on 127.0.0.1 port ': { DATA_DIR: await temporaryDirectory(t), PORT: new URL(second.url).port }
  }
  for (const [sentence, settings] of Object.entries(refusals)) {
    for (const script of ['start', 'dev']) {
      const program = startProgram(t, folder, 'npm', ['run', script], { PORT: '0', JWT_SECRET: TEST_SECRET, ...settings })
      t.not(await program.exited, 0)
      t.match(program.stderr(), sentence)
      t.notMatch(program.stderr(), 'Building', `npm run ${script} says so before any build`)
    }
  }

  for (const { program } of [first, second]) {
    program.kill('SIGTERM')
    t.equal(await program.exited, 0)
  }
})
