import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/helpers/redis/redis-server.ts'
import { token } from '../../test/helpers/service/tokens.ts'
import { cpusOf, OTHER_CPU, startPinned, stop, untilReady } from '../processes.ts'
import { processesOf, type Bench, type PublishTarget, type ServerKind } from './server.ts'

const SECRET = 'benchmark-secret-of-at-least-32-characters'

/** The variant of Runcast to start. */
export interface RuncastSetup {
  /** The built project. */
  readonly project: string
  readonly processes?: number
  /** Keeps the log in a directory of its own instead of Redis. */
  readonly embedded?: boolean
}

/**
 * Runcast as in production, with authentication. A second replica on the other CPU ingests plain PUBLISH, so that
 * only fan-out is compared.
 */
export function runcast (name: string, title: string, { project, processes = 1, embedded = false }: RuncastSetup): ServerKind {
  async function launch (bench: Bench, log: string, cpus: string, port: number, environment: Readonly<Record<string, string>>): Promise<ChildProcess> {
    const child = startPinned({
      command: [process.execPath, join(project, 'dist/server.js')],
      cpus,
      log: join(bench.directory, `${log}.log`),
      // The project's own directory may have an .env, which must not count here.
      directory: bench.directory,
      environment: {
        HOST: '127.0.0.1',
        PORT: String(port),
        JWT_SECRET: SECRET,
        LOG_LEVEL: 'warn',
        ...(embedded ? {} : { REDIS_URL: `redis://127.0.0.1:${bench.redisPort}` }),
        ...environment
      }
    })
    await untilReady(child, () => answers(port))
    return child
  }

  return {
    name,
    title,
    missing: () => null,
    async start (bench, ingests) {
      const [port, ingestPort] = [await freePort(), await freePort()]
      const data = mkdtempSync(join(bench.directory, 'data-'))
      const settings = { DATA_DIR: data, INGEST_PUBSUB: 'false', WEB_CONCURRENCY: String(processes) }
      const [child, ingest] = await Promise.all([
        launch(bench, name, cpusOf(processes), port, settings),
        ingests && !embedded ? launch(bench, 'ingest', OTHER_CPU, ingestPort, { DATA_DIR: data }) : null
      ])
      const overHttp: PublishTarget = { how: 'runcast', port, target: '/api/v1/workflow-runs/{run}/events' }
      return {
        port,
        path: '/api/v1/workflow-runs/{run}/stream?from=now',
        headers: [`Authorization: Bearer ${token({ sub: 'bench', scope: 'runs:read runs:write' }, SECRET)}`],
        publish: ingest === null ? overHttp : { how: 'redis', port: bench.redisPort, target: 'workflow_run_events:{run}' },
        ...processesOf(child),
        async stop () {
          await Promise.all([child, ...(ingest === null ? [] : [ingest])].map(stop))
          await bench.redis.flushall()
          rmSync(data, { recursive: true, force: true })
        }
      }
    }
  }
}

async function answers (port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => null)
  await response?.arrayBuffer()
  return response?.status === 200
}
