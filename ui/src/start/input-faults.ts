import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'
import type { Fault } from '../api/api-error.ts'
import { escapeName, type InputField } from './input-fields.ts'

/** Keywords that only say that a keyword below them failed. */
const CONTAINERS: ReadonlySet<string> = new Set(['properties', 'items', 'prefixItems', 'allOf', '$ref', 'additionalProperties', 'patternProperties'])

const MISSING = /property "(.*)"\.$/

/** Faults beside the fields of the form. */
export interface PlacedFaults {
  /** By the path of the field that shows them. */
  readonly fields: Readonly<Record<string, string>>
  /** The faults that belong to no field; null for none. */
  readonly rest: string | null
}

/** Finds the field of each fault: the field itself, or the nearest one around it. */
export function placeFaults (fields: readonly InputField[], faults: readonly Fault[]): PlacedFaults {
  const paths = pathsOf(fields)
  const shown: Record<string, string> = {}
  const rest: string[] = []
  for (const { path, message } of faults) {
    const place = paths.filter((one) => path === one || path.startsWith(`${one}/`)).sort((one, other) => other.length - one.length)[0]
    const text = place === path || path === '' ? message : `${path.slice(place?.length ?? 0)}: ${message}`
    if (place === undefined) rest.push(text)
    else shown[place] = shown[place] === undefined ? text : `${shown[place]} ${text}`
  }
  return { fields: shown, rest: rest.length === 0 ? null : rest.join(' ') }
}

function pathsOf (fields: readonly InputField[]): string[] {
  return fields.flatMap(({ path, fields: inner }) => [path, ...pathsOf(inner)])
}

/** Checks an input against its schema. It compiles no code, which the policy of these pages would refuse. */
export function faultsOf (schema: unknown, input: unknown): readonly Fault[] {
  if (!isSchema(schema)) return []
  const { errors } = new Validator(schema, '2020-12', false).validate(input)
  return errors.filter(({ keyword }) => !CONTAINERS.has(keyword)).map(faultOf)
}

function faultOf ({ keyword, instanceLocation, error }: OutputUnit): Fault {
  const path = decodeURIComponent(instanceLocation.replace(/^#/, ''))
  const missing = keyword === 'required' ? MISSING.exec(error)?.[1] : undefined
  return missing === undefined ? { path, message: error } : { path: `${path}/${escapeName(missing)}`, message: 'This is needed.' }
}

function isSchema (schema: unknown): schema is Schema | boolean {
  return typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null && !Array.isArray(schema))
}
