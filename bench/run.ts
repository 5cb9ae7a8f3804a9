// Measures Runcast beside its peers: npm run bench -- --help
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../test/helpers/redis/redis-server.ts'
import { describeMachine } from './machine.ts'
import { measureScenario, MOST_DISTURBED } from './measure.ts'
import { buildNative } from './native.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { listens, OTHER_CPU, pinned, SERVER_CPU, settleIn, startPinned, stop, untilReady } from './processes.ts'
import { report, resultTable } from './report.ts'
import type { Result } from './results.ts'
import { scenarios } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { serverKinds } from './servers/index.ts'
import type { Bench, ServerKind } from './servers/server.ts'

const ROOT = join(import.meta.dirname, '..')

const options = readOptions(process.argv.slice(2), ROOT)
if (options === null) console.log(USAGE)
else await withBench(options, (bench) => run(options, bench))

async function run (options: Options, bench: Bench): Promise<void> {
  const machine = describeMachine()
  const kinds = chosen('--servers', serverKinds(options.project, options.baseline), options.servers)
  const notes = kinds.flatMap((kind) => kind.missing() === null ? [] : `${kind.title} was left out: ${kind.missing()} is not installed.`)
  for (const note of notes) console.log(note)
  const present = kinds.filter((kind) => kind.missing() === null)
  const results: Result[] = []
  for (const scenario of chosen<Scenario>('--scenarios', scenarios, options.scenarios)) {
    if (present.some(({ name }) => name === scenario.subject)) results.push(await measureScenario(bench, scenario, present, options, console.log))
  }
  const samples = results.flatMap(({ rounds }) => [...rounds.values()].flat()).filter((sample) => sample !== null)
  const findings = {
    machine,
    results,
    titles: new Map(kinds.map(({ name, title }) => [name, title])),
    rounds: options.rounds,
    seconds: options.seconds,
    disturbed: samples.filter(({ disturbed }) => disturbed > MOST_DISTURBED).length,
    samples: samples.length,
    notes,
    micro: options.micro ? runMicro() : ''
  }
  console.log(`\n${resultTable(findings)}`)
  if (options.output !== null) writeFileSync(options.output, report(findings))
}

/** Sets up the directory, programs and Redis that all measurements share. Takes them down again whatever happens. */
async function withBench (options: Options, work: (bench: Bench) => Promise<void>): Promise<void> {
  if (!existsSync(join(options.project, 'dist/server.js'))) throw new Error(`${options.project} has no dist/server.js: npm run build`)
  settleIn()
  const directory = mkdtempSync(join(tmpdir(), 'runcast-bench-'))
  const redisPort = await freePort()
  const server = startPinned({ command: redisCommand(redisPort, directory), cpus: OTHER_CPU, log: join(directory, 'redis.log') })
  try {
    await untilReady(server, () => listens(redisPort))
    const redis = new Redis({ port: redisPort })
    try {
      await work({ directory, native: buildNative(directory), redis, redisPort, seconds: options.seconds })
    } finally {
      redis.disconnect()
    }
  } finally {
    await stop(server)
    rmSync(directory, { recursive: true, force: true })
  }
}

function redisCommand (port: number, directory: string): string[] {
  return ['redis-server', '--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '', '--client-output-buffer-limit', 'pubsub 512mb 256mb 60']
}

/**
 * Picks things by their names, in their own order; all of them when no names are given.
 *
 * @throws RangeError when there is no such thing
 */
function chosen<Named extends ServerKind | Scenario> (option: string, all: readonly Named[], names: readonly string[] | null): readonly Named[] {
  if (names === null) return all
  const unknown = names.filter((name) => name !== 'baseline' && !all.some((known) => known.name === name))
  if (unknown.length > 0) throw new RangeError(`${option} knows ${all.map(({ name }) => name).join(', ')}, not ${unknown.join(', ')}`)
  return all.filter(({ name }) => names.includes(name))
}

function runMicro (): string {
  const [command = '', ...args] = pinned(SERVER_CPU, [process.execPath, '--import', 'tsx', join(ROOT, 'bench/micro.ts')])
  return execFileSync(command, args, { encoding: 'utf8' }).trim()
}
