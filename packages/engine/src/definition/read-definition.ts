import { extname } from 'node:path'
import { parseDocument } from 'yaml'
import { errorText } from '../error-text.ts'
import type { Fault } from '../fault.ts'
import { pointerToken, isJsonObject, type Json, type JsonObject } from '../json.ts'
import { DefinitionError } from './workflow.ts'

const MAX_CHARACTERS = 1_048_576
const MAX_VALUES = 100_000
const MAX_NESTING = 128
const MAX_ALIASES = 100

/**
 * Reads a definition's text: JSON when the file's name ends in `.json`, else YAML 1.2.
 *
 * @returns a value in which nothing is shared: aliases are copies
 * @throws DefinitionError when the text is too large, not well-formed, or no object that JSON could have
 */
export function readDefinition (text: string, fileName: string): JsonObject {
  if (text.length > MAX_CHARACTERS) throw refusal(`A definition may have ${MAX_CHARACTERS} characters: move what is large into the input.`)
  const value = extname(fileName).toLowerCase() === '.json' ? readJson(text) : readYaml(text)
  const copy = copyJson(value, '', 0, { left: MAX_VALUES })
  if (!isJsonObject(copy)) throw refusal('A definition must be an object with `document` and `do`.')
  return copy
}

function readJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refusal(`This is no JSON: ${errorText(error)}.`)
  }
}

function readYaml (text: string): unknown {
  const document = parseDocument(text, { stringKeys: true, prettyErrors: false })
  const faults = [...document.errors, ...document.warnings].slice(0, 20).map(({ message, pos: [offset] }): Fault => {
    const line = text.slice(0, offset).split('\n').length
    return { path: '', message: `Line ${line} is no YAML: ${message}.` }
  })
  if (faults.length > 0) throw new DefinitionError(faults)
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    throw refusal(`Its aliases cannot be resolved: ${errorText(error)}.`)
  }
}

/** Copies a value. @throws DefinitionError for values that JSON does not have, for `__proto__`, and for a value that is too large */
function copyJson (value: unknown, path: string, depth: number, budget: { left: number }): Json {
  budget.left -= 1
  if (budget.left < 0) throw refusal(`A definition may have ${MAX_VALUES} values, with its aliases written out.`)
  if (depth > MAX_NESTING) throw refusal(`A definition may nest ${MAX_NESTING} levels deep.`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  if (Array.isArray(value)) return value.map((item: unknown, index) => copyJson(item, `${path}/${index}`, depth + 1, budget))
  if (typeof value !== 'object') throw refusal(`A ${typeof value} like this is no JSON: write it as a text.`, path)
  return Object.fromEntries(Object.entries(value).map(([key, item]): [string, Json] => {
    const at = `${path}/${pointerToken(key)}`
    if (key === '__proto__') throw refusal('No key may be `__proto__`: take another name.', at)
    return [key, copyJson(item, at, depth + 1, budget)]
  }))
}

function refusal (message: string, path = ''): DefinitionError {
  return new DefinitionError([{ path, message }])
}
