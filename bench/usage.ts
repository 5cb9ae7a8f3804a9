import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** The ticks of CPU accounting per second. */
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** A process and everything it started that is still running. */
export function processTree (pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? Number(statOf(Number(name))?.[1]) : NaN
    if (!Number.isNaN(parent)) children.set(parent, [...children.get(parent) ?? [], Number(name)])
  }
  const tree = [pid]
  for (const found of tree) tree.push(...children.get(found) ?? [])
  return tree
}

/** The CPU time that processes have used, in seconds. */
export function cpuSeconds (pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    for (const field of statOf(pid)?.slice(11, 13) ?? []) ticks += Number(field)
  }
  return ticks / TICKS
}

/** The time that the main thread of a process has run, and the time that it waited for a CPU, in seconds. */
export function mainThread (pid: number): { readonly ran: number, readonly waited: number } {
  const [ran = 0, waited = 0] = readOrEmpty(`/proc/${pid}/schedstat`).split(' ').map((nanoseconds) => Number(nanoseconds) / 1e9)
  return { ran, waited }
}

/** The memory that processes hold, in KiB. */
export function residentKib (pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/^Rss:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0), 0)
}

/** The fields of a process after its name: state first, then the parent. */
function statOf (pid: number): string[] | null {
  const text = readOrEmpty(`/proc/${pid}/stat`)
  return text === '' ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function readOrEmpty (path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
