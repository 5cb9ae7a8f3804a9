import { spawnSync } from 'node:child_process'
import { cpus, loadavg, release, totalmem } from 'node:os'

/** The hardware and software that the figures depend on, as name and value. */
export type Machine = readonly (readonly [string, string])[]

/** Describes this machine and gives the versions of the measured programs. */
export function describeMachine (): Machine {
  const model = cpus()[0]?.model ?? 'unknown'
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['CPU', `${cpus().length} × ${model}`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['kernel', `Linux ${release()}`],
    ['Node.js', process.versions.node],
    ['Redis', versionIn('redis-server', ['--version'], /v=(\S+)/)],
    ['nginx', versionIn('nginx', ['-v'], /nginx\/(\S+)/)],
    ['Nchan', versionIn('dpkg-query', ['--show', 'libnginx-mod-nchan'], /\t(\S+)/)],
    ['gcc', versionIn('gcc', ['-dumpfullversion'], /(\S+)/)],
    ['commit', versionIn('git', ['rev-parse', '--short', 'HEAD'], /^(\w+)$/m)],
    ['load average at the start', loadavg().map((load) => load.toFixed(1)).join(', ')]
  ]
}

function versionIn (command: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' })
  return (status === 0 ? pattern.exec(stdout + stderr)?.[1] : undefined) ?? 'not installed'
}
