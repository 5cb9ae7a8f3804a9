import type { Fault } from '../schemas/problem.ts'

/** A fault that a validator found. */
export interface ValidationFault {
  /** A JSON Pointer. */
  readonly instancePath: string
  /** The keyword of JSON Schema. */
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string | undefined
}

const PARTS: Readonly<Record<string, Fault['in']>> = { body: 'body', querystring: 'query', params: 'params', headers: 'headers' }

/**
 * Translates the faults that a validator found in a request into sentences for its sender.
 *
 * @param context the part of the request, by Fastify's name
 */
export function requestFaults (found: readonly ValidationFault[], context: string): Fault[] {
  return found.map((fault) => ({ in: PARTS[context] ?? 'body', path: pathOf(fault), detail: `${fault.message ?? 'is not valid'}.` }))
}

/** Points at the field itself where the validator points at its object. */
function pathOf ({ instancePath, keyword, params }: ValidationFault): string {
  const field = keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : undefined
  return typeof field === 'string' ? `${instancePath}/${field}` : instancePath
}
