import { loadJq } from 'jq-wasm'
import { parentPort } from 'node:worker_threads'
import { nesting, type Json } from '../json.ts'
import { MAX_NESTING, checkedProgram, combinedProgram, compileFault, wellFormed } from './jq-program.ts'
import { READY, type JqReply, type JqRequest } from './jq-protocol.ts'

const MAX_CHECKED = 10_000
/** The longest reason of a failure, in characters. */
const MAX_REASON = 4_096
const TOO_DEEP = `It nests arrays and objects deeper than ${MAX_NESTING} levels.`

/** The faults of the programs that were compiled, by variables and program; null for none. */
const checked = new Map<string, string | null>()
// jq reports there that it aborts; the reply reports it already.
console.error = () => {}
let jq = await load()

parentPort?.on('message', (request: JqRequest) => {
  answer(request).then((reply) => parentPort?.postMessage(reply))
})
parentPort?.postMessage(READY)

async function load () {
  const handle = await loadJq()
  // The first program takes long: V8 compiles the code that it uses.
  handle.raw('[null,{}]', combinedProgram(['.'], [], 10))
  return handle
}

async function answer (request: JqRequest): Promise<JqReply> {
  try {
    const fault = faultOf(request)
    if (fault !== undefined) return fault
    return request.data === null ? { values: [] } : evaluate(request, request.data)
  } catch {
    // jq has met the end of its memory or its stack, and cannot be used again.
    jq = await load()
    return { fault: 'It was stopped, as it needed more memory or nested deeper than is allowed.', program: only(request) }
  }
}

/** Finds the first program that does not compile by itself. */
function faultOf ({ programs, variables }: JqRequest): JqReply | undefined {
  for (const [index, program] of programs.entries()) {
    const key = `${variables.join()} ${program}`
    let fault = checked.get(key)
    if (fault === undefined) {
      // A program is executed once for each input: without any it is compiled only.
      const { exitCode, stderr } = jq.raw('', checkedProgram(program, variables))
      fault = exitCode === 0 ? null : compileFault(stderr)
      if (checked.size === MAX_CHECKED) checked.clear()
      checked.set(key, fault)
    }
    if (fault !== null) return { fault, program: index }
  }
  return undefined
}

function evaluate (request: JqRequest, data: NonNullable<JqRequest['data']>): JqReply {
  const { programs, variables, maxOutputBytes } = request
  const text = wellFormed(`[${data.join()}]`)
  if (nesting(text) > MAX_NESTING) return { fault: `${TOO_DEEP} (This is its input.)`, program: null }
  const { stdout, stderr, exitCode } = jq.raw(text, combinedProgram(programs, variables, maxOutputBytes), ['-r'])
  if (exitCode !== 0) return { fault: `It fails: ${stderr.split('\n', 1)[0]?.slice(0, MAX_REASON) ?? ''}.`, program: only(request) }
  if (nesting(stdout) > MAX_NESTING) return { fault: TOO_DEEP, program: only(request) }
  const results: Json = JSON.parse(stdout)
  if (!Array.isArray(results)) return { fault: `Its value is larger than ${maxOutputBytes} bytes.`, program: only(request) }
  const mayOverflow = /[eE]\+?\d{3}/.test(stdout)
  const values: Json[] = []
  for (const [index, [failed, value, more]] of results.entries()) {
    const fault = failed === 1 ? `It fails: ${reasonOf(value)}.` : resultFault(value, more, mayOverflow)
    if (fault !== undefined) return { fault, program: index }
    values.push(value)
  }
  return { values }
}

/** Gives the error of a program as a text: a program may fail with any value. */
function reasonOf (value: Json): string {
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, MAX_REASON)
}

function resultFault (value: Json | undefined, more: Json | undefined, mayOverflow: boolean): string | undefined {
  if (value === undefined) return 'It gives no value, where one is needed.'
  if (more !== undefined) return 'It gives more than one value: brackets around it make them one array.'
  if (mayOverflow && hasInfinity(value)) return 'It gives a number that is too large.'
  return undefined
}

function hasInfinity (value: Json): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInfinity)
}

function only ({ programs }: JqRequest): number | null {
  return programs.length === 1 ? 0 : null
}
