import { errorText } from '../error-text.ts'
import type { Json } from '../json.ts'
import { DeadlineError, createDeadlineWorker } from './deadline-worker.ts'
import { ExpressionError, type Evaluator, type Scope } from './evaluator.ts'
import type { JqReply, JqRequest } from './jq-protocol.ts'
import { pathValue } from './path-value.ts'
import { replaceExpressions } from './template.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The limits of an evaluator. */
export interface EvaluatorOptions {
  /** The time that one evaluation may take, in milliseconds, counted from its turn. */
  readonly deadlineMs: number
  /** The most bytes of JSON in the values of one evaluation together. */
  readonly maxOutputBytes: number
}

/**
 * Makes an evaluator on jq 1.8 in WebAssembly, in one worker thread.
 *
 * A program sees its input, its variables and the time: no environment, no files, no modules. It has no effects.
 * Numbers are the numbers of JSON.parse: integers beyond 2^53 are rounded. The order of keys is kept.
 *
 * https://jqlang.org/manual/v1.8/
 */
export function createEvaluator ({ deadlineMs, maxOutputBytes }: EvaluatorOptions): Evaluator {
  // The thread executes the built file, also when this file is executed as TypeScript: on Node 20 no loader reaches it.
  const file = new URL(import.meta.resolve('#jq-worker'))
  const worker = createDeadlineWorker<JqRequest, JqReply>(file, deadlineMs)

  /** @throws Error when the thread ends, which need not be the fault of the programs */
  async function ask (request: JqRequest): Promise<JqReply> {
    const unknown = request.variables.find((name) => !NAME.test(name))
    if (unknown !== undefined) return { fault: `A variable cannot have the name "${unknown}".`, program: null }
    try {
      return await worker.ask(request)
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error
      return { fault: `It was stopped, as it took longer than ${deadlineMs} ms.`, program: request.programs.length === 1 ? 0 : null }
    }
  }

  async function valuesOf (programs: readonly string[], scope: Scope): Promise<readonly Json[]> {
    const all = cut(programs.join(', '))
    const reply = await ask({ ...bound(programs, scope), programs, maxOutputBytes }).catch((cause: unknown) => {
      throw new ExpressionError('It was stopped, as the thread that evaluates expressions ended: try again.', all, { cause })
    })
    if ('values' in reply) return reply.values
    throw new ExpressionError(withoutSecrets(reply.fault, scope), cut(programs[reply.program ?? -1] ?? all))
  }

  return {
    async evaluate (template, scope, mode = 'value') {
      const programs: string[] = []
      replaceExpressions(template, mode, (program) => { programs.push(program); return null })
      if (programs.length === 0) return template
      const paths = programs.map((program) => pathValue(program, scope))
      const others = programs.filter((_program, index) => paths[index] === undefined)
      const computed = (others.length === 0 ? [] : await valuesOf(others, scope)).values()
      const values = paths.map((value) => value === undefined ? computed.next().value ?? null : value).values()
      return replaceExpressions(template, mode, () => values.next().value ?? null)
    },

    async check (programs) {
      return await Promise.all(programs.map(async ({ program, variables }) => {
        const reply = await ask({ programs: [program], variables, data: null, maxOutputBytes })
        return 'fault' in reply ? reply.fault : null
      }))
    },

    close: () => worker.close()
  }
}

/** Gives the input, and the variables whose names occur in the programs: the others need not be copied to the thread. */
function bound (programs: readonly string[], { input, variables }: Scope): Pick<JqRequest, 'variables' | 'data'> {
  const used = Object.entries(variables).filter(([name]) => programs.some((program) => program.includes(`$${name}`)))
  try {
    return { variables: used.map(([name]) => name), data: [JSON.stringify(input), JSON.stringify(Object.fromEntries(used))] }
  } catch (cause) {
    throw new ExpressionError(`Its input is no JSON: ${errorText(cause)}.`, cut(programs.join(', ')))
  }
}

/** Takes the beginnings of values out of a message of jq, such as `string ("abc…") cannot be parsed`. */
function withoutSecrets (fault: string, { variables }: Scope): string {
  const secrets: Json = variables['secrets'] ?? {}
  return Object.keys(secrets ?? {}).length === 0 ? fault : fault.replace(/ \(.*\)/gs, '')
}

function cut (program: string): string {
  return program.slice(0, 200)
}
