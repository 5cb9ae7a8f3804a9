import type { ChildProcess } from 'node:child_process'
import type { Redis } from 'ioredis'
import { residentKib, processTree } from '../usage.ts'
import type { NativePrograms } from '../native.ts'

/** The surroundings that all measurements share. */
export interface Bench {
  /** A directory for logs, data and programs. */
  readonly directory: string
  readonly native: NativePrograms
  readonly redis: Redis
  readonly redisPort: number
  /** About how long a measurement takes, in seconds. */
  readonly seconds: number
}

/** A server that can be measured. */
export interface ServerKind {
  readonly name: string
  /** As the tables call it. */
  readonly title: string
  /** Names the software that has to be installed first; null when the server can be measured. */
  missing (): string | null
  /**
   * Starts it.
   *
   * @param ingests whether plain PUBLISH in Redis must reach its followers
   */
  start (bench: Bench, ingests: boolean): Promise<RunningServer>
}

/** The place where events are published. */
export interface PublishTarget {
  readonly how: 'redis' | 'nchan' | 'runcast'
  readonly port: number
  /** A channel or path; {run} stands for the name of a run. */
  readonly target: string
}

/** A server that is up. */
export interface RunningServer {
  readonly port: number
  /** The path of a stream that brings new events only; {run} stands for the name of a run. */
  readonly path: string
  /** Header lines of every request. */
  readonly headers: readonly string[]
  readonly publish: PublishTarget
  /** Its processes. */
  pids (): number[]
  /** Their memory before the first stream, in KiB. */
  readonly idleKib: number
  stop (): Promise<void>
}

/** The memory of a server that has just started, and its processes. */
export function processesOf (child: ChildProcess): Pick<RunningServer, 'pids' | 'idleKib'> {
  const { pid } = child
  if (pid === undefined) throw new Error(`${child.spawnargs.join(' ')} did not start`)
  return { pids: () => processTree(pid), idleKib: residentKib(processTree(pid)) }
}
