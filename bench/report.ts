import type { Machine } from './machine.ts'
import { faultsIn, medianOf, ratioOf, verdictsOn, type Result, type Verdict } from './results.ts'
import type { Figure } from './scenarios/scenario.ts'
import { shortNumber, table } from './table.ts'

/** The contents of a report. */
export interface Findings {
  readonly machine: Machine
  readonly results: readonly Result[]
  /** The titles of the servers by name. */
  readonly titles: ReadonlyMap<string, string>
  readonly rounds: number
  readonly seconds: number
  /** The number of samples that other programs disturbed. */
  readonly disturbed: number
  readonly samples: number
  /** The measurements that were left out, each with the reason. */
  readonly notes: readonly string[]
  /** The table of the micro-benchmarks; '' when they were not run. */
  readonly micro: string
}

/** The order of the columns after the subject's. */
const COLUMNS = ['nchan', 'phys_co', 'phys', 'runcast', 'baseline']

/** The table of all figures with targets and whether they hold, as Markdown. */
export function resultTable ({ results, titles }: Pick<Findings, 'results' | 'titles'>): string {
  const peers = COLUMNS.filter((name) => results.some(({ scenario, rounds }) => name !== scenario.subject && rounds.has(name)))
  const rows = results.flatMap((result) => result.scenario.figures.map((figure, index) => [
    index === 0 ? `\`${result.scenario.name}\`` : '',
    figure.title,
    `**${shortNumber(medianOf(result.rounds, result.scenario.subject, figure))}**`,
    ...peers.map((peer) => peer === result.scenario.subject ? '' : peerCell(result, peer, figure)),
    verdictsOn(result, figure).map((verdict) => verdictText(verdict, titles)).join('; ')
  ]))
  return table(['scenario', 'figure', 'Runcast', ...peers.map((name) => titles.get(name) ?? name), 'target'], rows)
}

/** The whole report as Markdown. */
export function report (findings: Findings): string {
  const { machine, results, rounds, seconds, disturbed, samples, notes, micro } = findings
  const remarks = [...notes, ...results.flatMap(faultsIn)]
  return `${INTRODUCTION}
## What came out

${table(machine.map(([name]) => name), [machine.map(([, value]) => value)])}

The medians of ${rounds} rounds; each measurement took about ${seconds} s. In brackets: Runcast's figure as a multiple of this one, the median of the ratios within each round.

${resultTable(findings)}

${disturbed === 0 ? 'No measurement was disturbed by other work on the machine.' : `In ${disturbed} of ${samples} measurements something else had the server's CPU for more than 5 % of the time, even when repeated: take their absolute numbers for less.`}
${remarks.length === 0 ? '' : `\n${remarks.map((remark) => `* ${remark}`).join('\n')}\n`}
${table(['scenario', 'what is done'], results.map(({ scenario }) => [`\`${scenario.name}\``, scenario.description]))}
${micro === '' ? '' : `\n## Micro-benchmarks\n\nOne process, no load client: \`npm run bench:micro\`.\n\n${micro}\n`}
${METHOD}`
}

const INTRODUCTION = `# Benchmarks

Written by \`npm run bench\`; nothing here is edited by hand.
`

const METHOD = `## How it is measured

The server under test has CPU 0 to itself. Redis, the load client and, where plain \`PUBLISH\` is measured, a second replica that ingests it have CPU 1. Loopback TCP, no TLS; Runcast checks a token on every request, the others check nothing. An event has 200 bytes. The load client, in C, opens the streams, publishes, and checks on every stream that each event came once and in order; what is missing or doubled is listed above. In the scenarios with events every server works for a few seconds before it is measured, since one that has just started still compiles its code.

* **Runcast** is the built service. **Nchan** is nginx with its memory store and one worker, which takes an HTTP request per event besides; that weighs on it in the scenarios with few followers per run. The **C limit** fans out and does nothing else: *joined* puts all events that it reads from Redis at once in one write per follower, *each* writes each event by itself.
* *n events outstanding* means that the client publishes the next event when all followers have all but n - 1: with 16 a server may join events, with 1 it can't, and a delivery costs a system call.
* CPU-seconds per million deliveries are user and system time of all processes of the server. It is the figure that noise spoils least.

## What noise means

The speed of one machine drifts: the same C server was seen to need 4.4 to 8.2 CPU-seconds per million within an hour. So servers are measured in rounds, one right after the other, and only ratios within a round are compared. A measurement in which something else had the server's CPU for more than 5 % of the time is repeated, at most twice; what disturbs Redis and the load client on the other CPU is not seen. Never compare absolute numbers of two days or machines.

## How to repeat it

\`\`\`
apt-get install gcc redis-server nginx libnginx-mod-nchan
npm run bench                       # everything, about 25 minutes, and this file
npm run bench -- --quick            # about a minute and a half
npm run bench -- --scenarios fan1000,lat1000 --servers runcast,nchan --rounds 5
npm run bench -- --baseline ../before --scenarios fan1000w1   # against another built copy of the project
npm run bench:micro
\`\`\`

Linux with at least two CPUs and \`taskset\`; as root the processes also get a higher priority. Servers that are not installed are left out with a note.
`

function peerCell (result: Result, peer: string, figure: Figure): string {
  const value = medianOf(result.rounds, peer, figure)
  return value === null ? '' : `${shortNumber(value)} (× ${shortNumber(ratioOf(result, peer, figure))})`
}

function verdictText ({ target, value, holds }: Verdict, titles: ReadonlyMap<string, string>): string {
  const bound = target.least === undefined ? `≤ ${shortNumber(target.most ?? null)}` : `≥ ${shortNumber(target.least)}`
  const wanted = target.against === null ? bound : `${bound} × ${titles.get(target.against) ?? target.against}`
  if (value === null) return `${wanted}: not measured`
  return `${wanted}: ${holds ? 'holds' : '**missed**'}`
}
