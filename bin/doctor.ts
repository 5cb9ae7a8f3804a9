import type { ServiceOptions } from '@runcast/client'
import { findService } from './connection.ts'
import { clockDifference, clockFinding, describe, pageFinding, streamFindings, timingFindings, type ClockDifference, type Finding } from './doctor/findings.ts'
import { probe, probeStream, type Page, type Silence, type Ticks } from './doctor/probe.ts'
import { printable, readArguments, SERVICE_OPTIONS } from './terminal.ts'

const TICKS = 8
const INTERVAL_MS = 250
const CLOCK_PROBES = 5

/** The outcome of an examination. */
interface Report {
  readonly url: string
  readonly findings: Finding[]
  /** Sentences on all that is well, or could not be examined. */
  readonly notes: string[]
  /** The reason for which streams could not be tested; null when they were. */
  untested: string | null
}

/**
 * `runcast doctor`: tests the way from here to the service for all that harms streams.
 *
 * @returns 0 when all is well, 1 when it found something, 2 when it could not test
 * @throws UsageError
 */
export async function doctor (args: string[]): Promise<number> {
  const { values } = readArguments({ args, options: { ...SERVICE_OPTIONS, json: { type: 'boolean' }, idle: { type: 'boolean' } } })
  const service = await findService(values)
  const report: Report = { url: service.url, findings: [], notes: [], untested: null }
  await examine(service, report, values.idle === true)
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : textOf(report))
  if (report.findings.length > 0) return 1
  return report.untested === null ? 0 : 2
}

async function examine (service: ServiceOptions, report: Report, isPatient: boolean): Promise<void> {
  if (!await examineToken(service, report)) return
  const clock = await readClock(service)
  if ('kind' in clock) return noteNoStream(clock, report)
  add(report, clockFinding(clock))
  const ticks = await probeStream(service, TICKS, INTERVAL_MS)
  if (ticks.kind !== 'ticks') return noteNoStream(ticks, report)
  report.findings.push(...streamFindings(ticks), ...await confirmedTimings(service, ticks, clock))
  if (report.findings.length === 0) report.notes.push(`Streams pass: ${ticks.ticks.length} of ${TICKS} ticks came, each at its time.`)
  await examineSilence(service, ticks, isPatient, report)
  noteRedis(ticks, report)
}

/** @returns false when there is no more to examine */
async function examineToken (service: ServiceOptions, report: Report): Promise<boolean> {
  const hasToken = service.token !== undefined || service.getToken !== undefined
  const answer = await probe(service, '/api/v1/session')
  if (answer.kind !== 'page') {
    report.untested = `Nothing answers at ${service.url}: ${answer.reason}.`
    return false
  }
  const session = sessionOf(answer)
  if (session !== null) {
    report.notes.push(`The token works: subject ${session.subject}, scopes ${session.scopes.join(' ') || 'none'}.`)
    if (session.scopes.includes('runs:read')) return true
    add(report, pageFinding({ ...answer, status: 403, code: 'insufficient_scope' }, hasToken))
    return false
  }
  // A sign-in page comes from a gateway. Any other answer without the marks of the service may come from anything.
  const isGateway = answer.code !== null || answer.status === 401 || answer.status === 403 || answer.status === 407 || (answer.status >= 300 && answer.status < 400)
  const finding = isGateway ? pageFinding(answer, hasToken) : null
  if (finding === null) report.untested = `${service.url} is not Runcast, or it is not reached: the answer is ${describe(answer)}. Check the address and its path.`
  else if (finding.code === 'token_missing') report.untested = `${finding.problem} ${finding.remedy}.`
  else report.findings.push(finding)
  return false
}

/** Several streams that end at once: the fastest answer tells the clocks best. */
async function readClock (service: ServiceOptions): Promise<ClockDifference | Ticks | Page | Silence> {
  const answers: Ticks[] = []
  for (let probes = 0; probes < CLOCK_PROBES; probes++) {
    const answer = await probeStream(service, 0, INTERVAL_MS)
    if (answer.kind !== 'ticks' || answer.first === null) return answer
    answers.push(answer)
  }
  return clockDifference(answers) ?? { kind: 'silent', reason: 'nothing came' }
}

/** A busy machine may feign a fault once, so that two streams must show it. */
async function confirmedTimings (service: ServiceOptions, ticks: Ticks, clock: ClockDifference): Promise<Finding[]> {
  const findings = timingFindings(ticks, clock)
  if (findings.length === 0) return []
  const again = await probeStream(service, TICKS, INTERVAL_MS)
  const confirmed = new Set(again.kind === 'ticks' ? timingFindings(again, clock).map(({ code }) => code) : [])
  return findings.filter(({ code }) => confirmed.has(code))
}

/** Tells gateways that cut a stream during the longest silence that the service keeps. */
async function examineSilence (service: ServiceOptions, { first }: Ticks, isPatient: boolean, report: Report): Promise<void> {
  if (first === null) return
  const seconds = Math.ceil(first.heartbeat_ms / 1000)
  if (!isPatient) {
    report.notes.push(`Silence was not tested. With --idle it takes ${seconds} s.`)
    return
  }
  const answer = await probeStream(service, 1, first.heartbeat_ms)
  const isCut = answer.kind !== 'ticks' || answer.ticks.length === 0
  if (isCut) report.findings.push({ code: 'cut_when_idle', problem: `A stream that was silent for ${seconds} s, as STREAM_HEARTBEAT_MS allows, was cut.`, remedy: 'nginx: a longer proxy_read_timeout. HAProxy: a longer timeout server. Envoy: a longer stream_idle_timeout. Or a shorter STREAM_HEARTBEAT_MS' })
  else report.notes.push(`A silence of ${seconds} s passes.`)
}

function noteNoStream (answer: Ticks | Page | Silence, report: Report): void {
  if (answer.kind === 'ticks') {
    add(report, streamFindings(answer)[0] ?? null)
  } else if (answer.kind === 'page') {
    add(report, pageFinding({ ...answer, status: answer.status === 200 ? 502 : answer.status }, true))
  } else if (answer.kind === 'silent') {
    report.findings.push({ code: 'buffered', problem: 'A gateway buffers: no byte of a stream came within the time limit, while other answers come.', remedy: 'nginx: proxy_buffering off; gzip off; without proxy_ignore_headers X-Accel-Buffering. See deploy/gateways' })
  } else {
    report.untested = `The stream broke off: ${answer.reason}.`
  }
}

function noteRedis ({ first }: Ticks, report: Report): void {
  if (first?.redis === undefined) report.notes.push('Redis was not examined, which takes a token with runs:admin.')
  else if (first.redis === null) report.notes.push('The service keeps its log without Redis.')
  else if (first.redis.length === 0) report.notes.push('The settings of Redis are right.')
  for (const { setting, value, problem } of first?.redis ?? []) {
    const [sentence = problem, ...remedy] = problem.split(/(?<=\.) (?=[A-Z])/)
    if (setting === 'CONFIG' || setting === 'INFO') report.notes.push(problem)
    else report.findings.push({ code: `redis ${setting}`, problem: `Redis has ${setting}${value === null ? '' : ` ${value}`}. ${sentence}`, remedy: remedy.join(' ').replace(/\.$/, '') })
  }
}

function sessionOf ({ status, json }: Page): { readonly subject: string, readonly scopes: readonly string[] } | null {
  if (status !== 200 || typeof json !== 'object' || json === null) return null
  if (!('subject' in json && 'scopes' in json && typeof json.subject === 'string' && Array.isArray(json.scopes))) return null
  return { subject: json.subject, scopes: json.scopes.map(String) }
}

function add ({ findings }: Report, finding: Finding | null): void {
  if (finding !== null) findings.push(finding)
}

function textOf ({ url, findings, notes, untested }: Report): string {
  const lines = [
    url,
    ...notes.map((note) => `  ok     ${note}`),
    ...findings.map(({ problem, remedy }) => `  found  ${problem}\n         ${remedy}.`),
    ...(untested === null ? [] : [`  failed ${untested}`])
  ]
  // The texts of a gateway may hold anything.
  return printable(`${lines.join('\n')}\n`, false)
}
