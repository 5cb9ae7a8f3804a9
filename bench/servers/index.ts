import { limit } from './limit.ts'
import { nchan } from './nchan.ts'
import { runcast } from './runcast.ts'
import type { ServerKind } from './server.ts'

/**
 * Everything that can be measured.
 *
 * @param project the built project
 * @param baseline another one to compare it with, or null
 */
export function serverKinds (project: string, baseline: string | null): readonly ServerKind[] {
  return [
    runcast('runcast', 'Runcast, one process', { project }),
    runcast('runcast_embedded', 'Runcast, embedded log', { project, embedded: true }),
    runcast('runcast_2', 'Runcast, two processes', { project, processes: 2 }),
    nchan,
    limit('phys_co', 'C limit, joined', 'joined'),
    limit('phys', 'C limit, each', 'each'),
    ...(baseline === null ? [] : [runcast('baseline', 'Baseline', { project: baseline })])
  ]
}
