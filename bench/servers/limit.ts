import { join } from 'node:path'
import { freePort } from '../../test/helpers/redis/redis-server.ts'
import { listens, SERVER_CPU, startPinned, stop, untilReady } from '../processes.ts'
import { processesOf, type ServerKind } from './server.ts'

/** A server in C that does the least possible: the limit of this kernel on one core. */
export function limit (name: string, title: string, mode: 'each' | 'joined'): ServerKind {
  return {
    name,
    title,
    missing: () => null,
    async start ({ directory, native, redisPort }) {
      const port = await freePort()
      const child = startPinned({ command: [native.limit, String(port), String(redisPort), mode], cpus: SERVER_CPU, log: join(directory, `${name}.log`) })
      await untilReady(child, () => listens(port))
      return {
        port,
        path: '/api/v1/workflow-runs/{run}/stream',
        headers: [],
        publish: { how: 'redis', port: redisPort, target: 'workflow_run_events:{run}' },
        ...processesOf(child),
        stop: () => stop(child)
      }
    }
  }
}
