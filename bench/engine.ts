// Measures the workflow engine's own cost: npm run bench:engine
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describeMachine } from './machine.ts'
import { freePort } from '../test/helpers/redis/redis-server.ts'
import { TEST_SECRET, token } from '../test/helpers/service/tokens.ts'
import { jq } from '../test/helpers/service/workflow-service.ts'

const TASKS = 100
const RUNS = 30

/** Tasks with more and more jq programs. The work of a task takes no time by itself. */
const KINDS: Readonly<Record<string, object>> = {
  none: { set: { round: 1 } },
  path: { set: { round: jq('.round') } },
  one: { set: { round: jq('.round + 1') } },
  two: { set: { round: jq('.round + 1') }, export: { as: jq('$context + { last: .round }') } }
}

const directory = mkdtempSync(join(tmpdir(), 'runcast-bench-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}/api/v1`
const headers = { authorization: `Bearer ${token()}`, 'content-type': 'application/json' }

for (const [kind, task] of Object.entries(KINDS)) {
  const steps = Array.from({ length: TASKS }, (_, index) => ({ [`task${index}`]: task }))
  const definition = { document: { dsl: '1.0.0', namespace: 'bench', name: kind, version: '1.0.0' }, do: [{ begin: { set: { round: 0 } } }, ...steps] }
  writeFileSync(join(directory, `${kind}.json`), JSON.stringify(definition))
}
const server = spawn(process.execPath, ['dist/server.js'], {
  env: { PATH: process.env['PATH'], PORT: String(port), DATA_DIR: join(directory, 'data'), WORKFLOWS_DIR: directory, JWT_SECRET: TEST_SECRET, LOG_LEVEL: 'info' },
  stdio: ['ignore', 'pipe', 'inherit']
})
try {
  for await (const line of createInterface(server.stdout)) if (line.includes('listening')) break
  server.stdout.resume()
  console.log(describeMachine())
  const rows: string[] = []
  const answers: number[] = []
  for (const kind of Object.keys(KINDS)) {
    const overheads: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const { answerMs, overheadMs } = await measureRun(kind)
      answers.push(answerMs)
      if (run >= RUNS / 5) overheads.push(overheadMs)
    }
    rows.push(`| ${kind} | ${at(overheads, 0.5)} | ${at(overheads, 0.95)} |`)
  }
  console.log(`| jq programs of a task | overhead per task, median (ms) | 95 % |\n| --- | ---: | ---: |\n${rows.join('\n')}`)
  console.log(`202 after ${at(answers, 0.5)} ms at the median, ${at(answers, 0.95)} ms at 95 %.`)
} finally {
  server.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}

/** Starts a run and waits for its end. Its tasks do nothing, so that all its time is the engine's. */
async function measureRun (workflow: string): Promise<{ answerMs: number, overheadMs: number }> {
  const began = performance.now()
  const response = await fetch(`${url}/workflow-runs`, { method: 'POST', headers, body: JSON.stringify({ workflow, input: {} }) })
  const answerMs = performance.now() - began
  const { run_id: runId } = await response.json() as { run_id: string }
  const durationMs = await endOf(`${url}/workflow-runs/${runId}/stream?event_types=status_change`)
  return { answerMs, overheadMs: durationMs / (TASKS + 1) }
}

/** The duration of a run in milliseconds, from its last event. Leaves the stream, which would stay open for a while. */
async function endOf (streamUrl: string): Promise<number> {
  const stream = await fetch(streamUrl, { headers })
  let text = ''
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const end = /^data: (\{"status":"(?:succeeded|failed)"(?!.*"step":).*\})$/m.exec(text)?.[1]
    if (end !== undefined) return (JSON.parse(end) as { duration_ms: number }).duration_ms
  }
  throw new Error('the stream ended before the run did')
}

function at (values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other)
  return (sorted[Math.floor(share * sorted.length)] ?? NaN).toFixed(2)
}
