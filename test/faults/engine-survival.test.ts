import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { seqOf } from '@runcast/protocol'
import t, { type Test } from 'tap'
import { freePort, portOf, startRedis } from '../helpers/redis/redis-server.ts'
import { temporaryDirectory } from '../helpers/service/app.ts'
import { token } from '../helpers/service/tokens.ts'
import { waitUntil } from '../helpers/wait-until.ts'
import { startReader, type Reader } from './support/reader.ts'
import { startReplica } from './support/replica.ts'

const RUNS = 200
const KILLS = 5
const AT_ONCE = 40
const TASKS = Array.from({ length: 10 }, (_, index) => `task${index}`)

/** Counts, outside of the service, the executions of each task of each run. */
async function startEffects (t: Test) {
  const executions = new Map<string, number>()
  const server = createServer((request, response) => {
    const name = request.url ?? ''
    executions.set(name, (executions.get(name) ?? 0) + 1)
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"done":true}'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { host: `127.0.0.1:${portOf(server)}`, executions }
}

async function writeWorkflow (directory: string, host: string): Promise<void> {
  const tasks = TASKS.map((name) => ({ [name]: { call: 'http', with: { method: 'post', endpoint: `\${ "http://${host}/\\($workflow.id)/${name}" }`, body: {} } } }))
  await mkdir(directory)
  await writeFile(join(directory, 'ten.json'), JSON.stringify({ document: { dsl: '1.0.0', namespace: 'test', name: 'ten', version: '1.0.0' }, do: tasks }))
}

async function survive (t: Test, settings: Record<string, string>): Promise<void> {
  const { host, executions } = await startEffects(t)
  const directory = await temporaryDirectory(t)
  await writeWorkflow(join(directory, 'workflows'), host)
  const start = async (port: number) => startReplica(t, {
    ...settings,
    PORT: String(port),
    DATA_DIR: directory,
    WORKFLOWS_DIR: join(directory, 'workflows'),
    ENGINE_ALLOWED_HOSTS: host,
    ENGINE_MAX_RUNS: String(AT_ONCE),
    ENGINE_LEASE_MS: '1000',
    END_GRACE_MS: '500'
  })
  const port = await freePort()
  let replica = await start(port)
  const { url } = replica

  const runIds = await Promise.all(Array.from({ length: RUNS }, async () => {
    const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/api/v1/workflow-runs`, { method: 'POST', headers, body: '{"workflow":"ten"}' })
    t.equal(response.status, 202)
    const { run_id: runId } = await response.json() as { run_id: string }
    return runId
  }))
  const readers = runIds.map((runId) => startReader(t, `${url}/api/v1/workflow-runs/${runId}/stream`, { name: runId }))

  for (let kill = 1; kill <= KILLS; kill++) {
    const enough = RUNS * TASKS.length * kill / (KILLS + 1)
    await waitUntil(`${enough} tasks are executed`, () => executions.size >= enough, 120_000)
    replica.kill('SIGKILL')
    await replica.exited
    replica = await start(port)
  }
  await waitUntil('every stream has ended', () => readers.every(({ state }) => state === 'closed'), 120_000)

  for (const reader of readers) t.same(faultsOf(reader, executions), [], reader.reader)
  for (const [index, runId] of runIds.entries()) {
    const run = await fetch(`${url}/api/v1/workflow-runs/${runId}`, { headers: { authorization: `Bearer ${token()}` } })
    t.match(await run.json(), { status: 'succeeded', last_event_id: readers[index]?.cursor ?? '' }, runId)
    for (const task of TASKS) t.ok((executions.get(`/${runId}/${task}`) ?? 0) >= 1, `${task} of ${runId}`)
  }
  t.equal(executions.size, RUNS * TASKS.length)
  const repetitions = [...executions.values()].reduce((sum, count) => sum + count - 1, 0)
  t.ok(repetitions <= KILLS * AT_ONCE, `${repetitions} executions were repetitions`)
}

/**
 * Lists the faults in a reader's view of a run from its first event to its end, one sentence each. A task is executed
 * again when its process died before the checkpoint was stored, so it may have ended each time.
 */
function faultsOf (reader: Reader, executions: ReadonlyMap<string, number>): string[] {
  const events = reader.events()
  const changes = events.map(({ name }): { status?: string, step?: string } => JSON.parse(name))
  const ended = (step: string | undefined) => changes.filter((change) => change.step === step && change.status === 'succeeded').length
  return [
    ...reader.gaps().map(({ reason }) => `a gap: ${reason}`),
    ...events.flatMap(({ id }, index) => seqOf(id) === index + 1 ? [] : [`event ${id} came as number ${index + 1}`]),
    ...TASKS.flatMap((name, index) => {
      const ends = ended(`/do/${index}/${name}`)
      const executed = executions.get(`/${reader.reader}/${name}`) ?? 0
      return ends >= 1 && ends <= executed ? [] : [`${name} was executed ${executed} times and ended ${ends} times`]
    }),
    ...ended(undefined) === 1 ? [] : [`the run ended ${ended(undefined)} times`]
  ]
}

t.test('200 runs of ten tasks, the process killed five times: all complete, no event lost, with the embedded log', (t) => survive(t, {}))

t.test('200 runs of ten tasks, the process killed five times: all complete, no event lost, with Redis', async (t) => {
  const { url } = await startRedis(t, { args: ['--appendonly', 'yes'] })
  await survive(t, { REDIS_URL: url })
})
