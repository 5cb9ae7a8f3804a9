import { FencedError, type Checkpoint, type RunProgress, type RunRecord, type RunStore } from '../../src/store/run-store.ts'

interface StoredRun {
  readonly record: RunRecord
  readonly checkpoints: Map<string, Checkpoint['value']>
  progress: RunProgress
  token: number
  lease: { readonly holder: string, readonly until: number } | null
}

/** A run store in memory. It outlives the engine, not the test. */
export interface MemoryRunStore extends RunStore {
  /** Called before each operation, which throws its error. */
  interfere: (operation: keyof RunStore, runId: string) => void
  /** Lists the keys of the checkpoints of a run. */
  keys (runId: string): string[]
}

/** Makes a store. */
export function createMemoryRunStore (): MemoryRunStore {
  const runs = new Map<string, StoredRun>()

  async function of (operation: keyof RunStore, runId: string): Promise<StoredRun | undefined> {
    await Promise.resolve()
    store.interfere(operation, runId)
    return runs.get(runId)
  }

  async function held (operation: keyof RunStore, runId: string, token: number): Promise<StoredRun> {
    const run = await of(operation, runId)
    if (run === undefined || run.token !== token) throw new FencedError()
    return run
  }

  const store: MemoryRunStore = {
    interfere: () => {},
    keys: (runId) => [...runs.get(runId)?.checkpoints.keys() ?? []],
    async create (record) {
      if (await of('create', record.runId) !== undefined) return 'exists'
      if (record.idempotencyKey !== null && [...runs.values()].some((run) => run.record.idempotencyKey === record.idempotencyKey)) return 'key_taken'
      runs.set(record.runId, { record: structuredClone(record), checkpoints: new Map(), progress: { isOver: false, isCancelled: false }, token: 0, lease: null })
      return 'created'
    },
    async read (runId) {
      const run = await of('read', runId)
      return run === undefined ? null : structuredClone({ ...run.record, ...run.progress })
    },
    async claim (runId, holder, leaseMs) {
      const run = await of('claim', runId)
      if (run === undefined || run.progress.isOver) return null
      if (run.lease !== null && run.lease.holder !== holder && run.lease.until > Date.now()) return null
      run.token += 1
      run.lease = { holder, until: Date.now() + leaseMs }
      return run.token
    },
    async renew (runId, token, leaseMs) {
      const run = await held('renew', runId, token)
      if (run.lease !== null) run.lease = { ...run.lease, until: Date.now() + leaseMs }
      return run.progress.isCancelled
    },
    async save (runId, token, checkpoints) {
      const run = await held('save', runId, token)
      for (const { key, value } of structuredClone(checkpoints)) run.checkpoints.set(key, value)
    },
    async checkpoints (runId) {
      const run = await of('checkpoints', runId)
      return structuredClone([...run?.checkpoints ?? []].map(([key, value]) => ({ key, value })))
    },
    async finish (runId, token) {
      const run = await held('finish', runId, token)
      run.progress = { ...run.progress, isOver: true }
    },
    async cancel (runId) {
      const run = await of('cancel', runId)
      if (run === undefined || run.progress.isOver) return false
      run.progress = { ...run.progress, isCancelled: true }
      return true
    },
    async release (runId, token) {
      const run = await of('release', runId)
      if (run?.token === token) run.lease = null
    },
    async unfinished () {
      return [...runs.values()].filter(({ progress }) => !progress.isOver).map(({ record }) => record.runId)
    }
  }
  return store
}
