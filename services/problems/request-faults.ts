import { PATTERN_SENTENCES } from '../../schemas/pattern-sentences.ts'
import type { Fault } from '../../schemas/problem.ts'

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
  // "No alternative fits" follows from the faults of the alternatives, and null is never the one that was meant.
  const causes = found.filter(({ keyword, params }) => keyword !== 'anyOf' && params['type'] !== 'null')
  return (causes.length === 0 ? found : causes).map((fault) => {
    const path = pathOf(fault)
    return { in: PARTS[context] ?? 'body', path, detail: sentenceOf(fault, path === '' ? 'The body' : path.slice(1)) }
  })
}

function sentenceOf ({ keyword, params, message = 'is not valid' }: ValidationFault, name: string): string {
  switch (keyword) {
    case 'pattern': return PATTERN_SENTENCES[String(params['pattern'])] ?? `${name} does not have the form that /documentation describes.`
    case 'format': return `${name} is not a time of RFC 3339, such as 2026-01-31T12:00:00Z.`
    case 'enum': return `${name} must be one of ${String(params['allowedValues']).replaceAll(',', ', ')}.`
    case 'required': return `${name} is missing.`
    case 'additionalProperties': return `${name} is not known here.`
    case 'type': return `${name} must be of type ${String(params['type'])}.`
    case 'minimum': return `${name} must be at least ${String(params['limit'])}.`
    case 'maximum': return `${name} must be at most ${String(params['limit'])}.`
    case 'minLength': return `${name} must have ${String(params['limit'])} or more characters.`
    case 'maxLength': return `${name} must have at most ${String(params['limit'])} characters.`
    default: return `${name} ${message}.`
  }
}

/** Points at the field itself where the validator points at its object. */
function pathOf ({ instancePath, keyword, params }: ValidationFault): string {
  const field = keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : undefined
  return typeof field === 'string' ? `${instancePath}/${field}` : instancePath
}
