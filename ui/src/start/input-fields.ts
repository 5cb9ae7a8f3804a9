import { fieldOf } from '@runcast/protocol'
import { textField } from '../json/fields.ts'

/** A field of the form that a JSON Schema describes. */
export interface InputField {
  /** JSON Pointer into the input; '' for the whole. */
  readonly path: string
  readonly label: string
  readonly description: string | null
  readonly isRequired: boolean
  readonly kind: 'text' | 'lines' | 'number' | 'switch' | 'choice' | 'json' | 'group'
  /** The values of a choice, as JSON. */
  readonly choices: readonly string[]
  /** The fields of a group. */
  readonly fields: readonly InputField[]
  /** The first entry: text, or JSON for `choice` and `json`, or whether a switch is on. */
  readonly initial: string | boolean
}

/** The entries of the fields that are no groups, by path. */
export type Entries = Readonly<Record<string, string | boolean>>

/** The input that was entered. */
export interface ReadInput {
  /** undefined when nothing was entered at all. */
  readonly value: unknown
  /** Entries that can't be read, by path. */
  readonly faults: Readonly<Record<string, string>>
}

const LONG_TEXT = 200
const DEEPEST_GROUP = 4

/**
 * The fields for an input: one for each property of an object, or one for JSON where a form can not show the schema.
 *
 * @param schema JSON Schema; null for any JSON
 */
export function fieldsOf (schema: unknown): readonly InputField[] {
  const field = fieldFor('', 'Input', schema, false, 0)
  return field.kind === 'group' ? field.fields : [field]
}

/** The first entries of the fields. */
export function initialEntries (fields: readonly InputField[]): Entries {
  return Object.fromEntries(fields.flatMap((field) => field.kind === 'group' ? Object.entries(initialEntries(field.fields)) : [[field.path, field.initial]]))
}

/** Reads the input from the entries. Empty entries are left out. */
export function readInput (fields: readonly InputField[], entries: Entries): ReadInput {
  const whole = fields.length === 1 && fields[0]?.path === '' ? fields[0] : null
  const faults: Record<string, string> = {}
  const read = (field: InputField): unknown => {
    if (field.kind === 'group') return readGroup(field.fields)
    try {
      return readEntry(field, entries[field.path] ?? field.initial)
    } catch (error) {
      faults[field.path] = error instanceof Error ? error.message : String(error)
      return undefined
    }
  }
  const readGroup = (group: readonly InputField[]): unknown => {
    const members = group.map((field) => [nameOf(field.path), read(field)] as const).filter(([, value]) => value !== undefined)
    return members.length === 0 ? undefined : Object.fromEntries(members)
  }
  const value = whole === null ? readGroup(fields) : read(whole)
  return { value, faults }
}

function fieldFor (path: string, name: string, schema: unknown, isRequired: boolean, depth: number): InputField {
  const initial = fieldOf(schema, 'default')
  const base = { path, label: textField(schema, 'title') ?? name, description: textField(schema, 'description'), isRequired, choices: [], fields: [] }
  const json = initial === undefined ? '' : JSON.stringify(initial, null, 2)
  const choices = fieldOf(schema, 'enum')
  if (Array.isArray(choices)) return { ...base, kind: 'choice', choices: choices.map((choice) => JSON.stringify(choice)), initial: initial === undefined ? '' : JSON.stringify(initial) }
  switch (textField(schema, 'type')) {
    case 'string': return { ...base, kind: isLong(schema) ? 'lines' : 'text', initial: typeof initial === 'string' ? initial : '' }
    case 'integer':
    case 'number': return { ...base, kind: 'number', initial: json }
    case 'boolean': return { ...base, kind: 'switch', initial: initial === true }
    case 'object': return groupFor(base, schema, json, depth)
    default: return { ...base, kind: 'json', initial: json }
  }
}

function groupFor (base: Omit<InputField, 'kind' | 'initial'>, schema: unknown, json: string, depth: number): InputField {
  const properties = fieldOf(schema, 'properties')
  const isPlain = typeof properties === 'object' && properties !== null && depth < DEEPEST_GROUP && json === ''
  if (!isPlain) return { ...base, kind: 'json', initial: json }
  const required = fieldOf(schema, 'required')
  const fields = Object.entries(properties).map(([name, property]) =>
    fieldFor(`${base.path}/${escapeName(name)}`, name, property, Array.isArray(required) && required.includes(name), depth + 1))
  return { ...base, kind: 'group', fields, initial: '' }
}

function isLong (schema: unknown): boolean {
  const most = fieldOf(schema, 'maxLength')
  return textField(schema, 'contentMediaType') !== null || (typeof most === 'number' && most > LONG_TEXT)
}

/** @throws Error with a message that says what to enter instead */
function readEntry ({ kind }: InputField, entry: string | boolean): unknown {
  if (typeof entry === 'boolean') return entry
  switch (kind) {
    case 'number': return readNumber(entry)
    case 'choice':
    case 'json': return entry.trim() === '' ? undefined : readJson(entry)
    default: return entry === '' ? undefined : entry
  }
}

function readNumber (text: string): number | undefined {
  if (text.trim() === '') return undefined
  const number = Number(text)
  if (!Number.isFinite(number)) throw new Error('Enter a number.')
  return number
}

function readJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('Enter JSON, such as {"name": "value"}, [1, 2] or "text".')
  }
}

/** The name of a member in a JSON Pointer. @see https://www.rfc-editor.org/rfc/rfc6901#section-3 */
export function escapeName (name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function nameOf (path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replaceAll('~1', '/').replaceAll('~0', '~')
}
