import { readdir } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { createEngineService } from '../../../services/engine/engine-service.ts'
import { createPublishers } from '../../../services/engine/publishers.ts'
import { createEmbeddedRunStore } from '../../../services/engine/run-store/embedded/embedded-run-store.ts'
import { memoryLogger } from '../../helpers/memory-logger.ts'
import { openLog } from '../../helpers/run-log/embedded-run-log.ts'
import { temporaryDirectory } from '../../helpers/service/app.ts'

t.test('a service that is closed as it looks for unfinished runs waits for that, and opens no store afterwards', async (t) => {
  const { engine, store, directory } = await engineService(t)
  engine.watch()
  await engine.close(0)
  const opened = await readdir(directory)
  t.ok(opened.includes('engine.mdb'), 'what was under way is done')
  await store.close()

  const late = await engineService(t)
  await late.engine.close(0)
  late.engine.watch()
  await new Promise((resolve) => setImmediate(resolve))
  t.same(await readdir(late.directory), [])
})

t.test('a service that is closed while unfinished runs are looked up does not begin with them', async (t) => {
  const { engine, store } = await engineService(t)
  await store.open()
  await store.create({ runId: 'left', tenant: '', workflow: 'w', version: '1.0.0', definition: { document: { dsl: '1.0.0', namespace: 'test', name: 'w', version: '1.0.0' }, do: [] }, input: {}, createdAt: Date.now(), retryOf: null, idempotencyKey: null })
  engine.watch()
  await engine.close(0)
  t.ok((await store.claim('left', 'another', 1_000)) !== null, 'nobody has it')
  await t.rejects(engine.runs(), { code: 'unavailable' })
  await store.close()
})

async function engineService (t: Test) {
  const { log } = await openLog(t)
  const directory = await temporaryDirectory(t)
  const logger = memoryLogger()
  const store = createEmbeddedRunStore({ directory, minFreeBytes: 0, ttlSeconds: 60 })
  const engine = createEngineService({
    store,
    log,
    publishers: createPublishers({ publish: async () => ({ ids: [], duplicate: false, run: { status: null, terminal: false } }), limits: { maxEventBytes: 1_000, terminalStatuses: new Map() }, logger }),
    logger,
    workflowsDirectory: directory,
    environment: {},
    allowProcesses: false,
    allowedHosts: [],
    maxDataBytes: 1_000,
    expressionDeadlineMs: 1_000,
    leaseMs: 60_000,
    maxConcurrentRuns: 1
  })
  return { engine, store, directory }
}
