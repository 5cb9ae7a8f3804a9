import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { StandInService } from '../../../packages/client/test/support/stand-in-service.ts'
import { runcast, type Runcast, type RuncastOptions } from './runcast-command.ts'

/** The run that `exec` reports to. */
export const RUN = 'run-1'

/** Starts a command as the run RUN of this service. */
export function exec (t: Test, service: StandInService, command: string[], options: RuncastOptions & { flags?: string[] } = {}): Runcast {
  const environment = { RUNCAST_URL: service.url, RUNCAST_TOKEN: 'secret', ...options.environment }
  return runcast(t, ['exec', '--run-id', RUN, ...options.flags ?? [], '--', ...command], { ...options, environment })
}

/** The payloads of the run's events, or only of one type's. */
export function published (service: StandInService, type?: string): Record<string, unknown>[] {
  return service.events(RUN).filter((event) => type === undefined || event.type === type).map((event) => JSON.parse(event.data))
}

/** The messages of the run's log. */
export function messages (service: StandInService): unknown[] {
  return published(service, 'log').map((payload) => payload['message'])
}

/** The statuses that the run has had. */
export function statuses (service: StandInService): unknown[] {
  return published(service, 'status_change').map((payload) => payload['status'])
}

/** A folder that is removed at the end of the test. */
export async function temporaryFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'runcast-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
