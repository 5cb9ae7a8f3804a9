import { isExpression } from '../expression/template.ts'
import type { Fault } from '../fault.ts'
import { pointerToken, isJsonObject, type Json, type JsonObject } from '../json.ts'
import { callFaults } from './call-structure.ts'
import { fixed, withFixedDurations } from './fixed-durations.ts'
import { specificationFaults } from './specification.ts'
import { kindOf, schemaOf, TASK_KINDS } from './task-kinds.ts'

const KEYS = TASK_KINDS.toSorted()

const RUNS_NOT_SUPPORTED = ['container', 'script', 'workflow']

/** A part of a definition with its JSON pointer. */
interface Part { readonly path: string, readonly value: Json }

/**
 * Lists the faults that the DSL's schemas find in the parts of a definition, and the parts that the engine does not
 * support.
 *
 * The SDK knows DSL 1.0.0 only. Later additions are checked here and cut out of the copies that the SDK checks.
 */
export async function structureFaults (definition: JsonObject): Promise<Fault[]> {
  const { use } = definition
  const functions = isJsonObject(use) && isJsonObject(use['functions']) ? entriesOf({ path: '/use/functions', value: use['functions'] }) : []
  const faults = [...unsupported(definition), ...await rootFaults(definition)]
  if (use !== undefined) faults.push(...await useFaults(use))
  for (const task of functions) faults.push(...await taskFaults(task))
  faults.push(...await listFaults({ path: '/do', value: definition['do'] ?? null }))
  return faults
}

function unsupported ({ schedule, evaluate, use }: JsonObject): Fault[] {
  const faults: Fault[] = []
  const refuse = (path: string, message: string) => faults.push({ path, message })
  if (schedule !== undefined) refuse('/schedule', 'Schedules are not supported: start the run from outside.')
  if (isJsonObject(evaluate)) {
    if ((evaluate['language'] ?? 'jq') !== 'jq') refuse('/evaluate/language', 'Expressions must be in jq.')
    if ((evaluate['mode'] ?? 'strict') !== 'strict') refuse('/evaluate/mode', 'The mode must be strict: write expressions in ${ }.')
  }
  if (isJsonObject(use)) {
    for (const name of ['catalogs', 'extensions']) {
      if (use[name] !== undefined) refuse(`/use/${name}`, `The ${name} of a definition are not supported: write out what they stand for.`)
    }
  }
  return faults
}

async function rootFaults (definition: JsonObject): Promise<Fault[]> {
  const { use: _use, schedule: _schedule, document, ...rest } = definition
  if (!isJsonObject(document)) return [{ path: '/document', message: 'It must be an object with dsl, namespace, name and version.' }]
  if (!/^1\.0\.[0-3]$/.test(String(document['dsl']))) return [{ path: '/document/dsl', message: 'The version of the DSL must be a text from 1.0.0 to 1.0.3.' }]
  const copy = { ...withFixedDurations(rest), document: { ...document, dsl: '1.0.0' }, ...definition['do'] !== undefined && { do: [] } }
  return await specificationFaults('Workflow', { path: '', value: copy })
}

async function useFaults (use: Json): Promise<Fault[]> {
  if (!isJsonObject(use)) return [{ path: '/use', message: 'It must be an object.' }]
  const { functions = {}, retries = {}, timeouts = {}, errors = {}, authentications = {}, catalogs: _catalogs, extensions: _extensions, ...rest } = use
  const groups: Array<[string, Json, string]> = [['errors', errors, 'Error'], ['authentications', authentications, 'AuthenticationPolicy'],
    ['retries', retries, 'RetryPolicy'], ['timeouts', timeouts, 'Timeout']]
  const faults = await specificationFaults('Use', { path: '/use', value: rest })
  for (const [name, value] of [['functions', functions], ...groups] as const) {
    if (!isJsonObject(value)) faults.push({ path: `/use/${name}`, message: 'It must be an object.' })
  }
  for (const [name, value, type] of groups) {
    const isTimed = name === 'retries' || name === 'timeouts'
    for (const { path, value: part } of entriesOf({ path: `/use/${name}`, value })) {
      faults.push(...await specificationFaults(type, { path, value: isTimed ? fixed(part) : part }))
    }
  }
  return faults
}

/** The tasks of a list, each of which must be an object with one key. */
async function listFaults ({ path, value }: Part): Promise<Fault[]> {
  if (!Array.isArray(value)) return [{ path, message: 'It must be a list of tasks.' }]
  const faults: Fault[] = []
  for (const [index, item] of value.entries()) {
    const tasks = entriesOf({ path: `${path}/${index}`, value: item })
    const [task] = tasks
    if (task === undefined || tasks.length > 1) faults.push({ path: `${path}/${index}`, message: 'Each item of a list must have one key, the name of its task.' })
    else faults.push(...await taskFaults(task))
  }
  return faults
}

async function taskFaults ({ path, value: task }: Part): Promise<Fault[]> {
  const kind = isJsonObject(task) ? kindOf(task) : null
  if (isJsonObject(task) && kind === null && Object.hasOwn(task, 'listen')) return [{ path: `${path}/listen`, message: 'Listening to events is not supported.' }]
  if (!isJsonObject(task) || kind === null) return [{ path, message: `A task must have one of the keys ${KEYS.slice(0, -1).join(', ')} and ${KEYS.at(-1)}.` }]
  if (kind === 'call') return await callFaults(path, task)
  if (kind === 'run') return await runFaults(path, task)
  if (kind === 'set' && typeof task['set'] === 'string') return await setFaults(path, task, task['set'])
  const { schema, lists } = schemaOf(kind)
  const emptied = lists.reduce((rest, list) => emptyAt(rest, list), withFixedDurations(task))
  const faults = await specificationFaults(schema, { path, value: emptied })
  for (const list of lists) {
    const value = valueAt(task, list)
    if (value !== undefined) faults.push(...await listFaults({ path: path + list, value }))
  }
  return faults
}

async function runFaults (path: string, task: JsonObject): Promise<Fault[]> {
  const { run } = task
  const refused = isJsonObject(run) ? RUNS_NOT_SUPPORTED.find((name) => Object.hasOwn(run, name)) : undefined
  if (refused !== undefined) return [{ path: `${path}/run/${refused}`, message: `Running a ${refused} is not supported: use run.shell.` }]
  if (!isJsonObject(run) || !isJsonObject(run['shell'])) return await specificationFaults('RunTask', { path, value: withFixedDurations(task) })
  const { arguments: args = [], stdin = '', ...shell } = run['shell']
  const faults = await specificationFaults('RunTask', { path, value: { ...withFixedDurations(task), run: { ...run, shell } } })
  if (!Array.isArray(args) || args.some((one) => typeof one !== 'string')) faults.push({ path: `${path}/run/shell/arguments`, message: 'The arguments must be a list of texts.' })
  if (typeof stdin !== 'string') faults.push({ path: `${path}/run/shell/stdin`, message: 'The standard input must be a text.' })
  return faults
}

async function setFaults (path: string, task: JsonObject, set: string): Promise<Fault[]> {
  const faults = await specificationFaults('SetTask', { path, value: { ...withFixedDurations(task), set: { value: null } } })
  return isExpression(set) ? faults : [...faults, { path: `${path}/set`, message: 'It must be an object, or an expression in ${ }.' }]
}

/** Gives the value at a JSON pointer, undefined where there is none. */
function valueAt (value: Json | undefined, pointer: string): Json | undefined {
  return keysOf(pointer).reduce<Json | undefined>((part, key) => isJsonObject(part) ? part[key] : undefined, value)
}

/** Copies a value with an empty list at a JSON pointer where there is something: the tasks of lists are checked one by one. */
function emptyAt (value: JsonObject, pointer: string): JsonObject {
  const [key = '', ...rest] = keysOf(pointer)
  const part = value[key]
  if (part === undefined) return value
  if (rest.length === 0) return { ...value, [key]: [] }
  return isJsonObject(part) ? { ...value, [key]: emptyAt(part, `/${rest.join('/')}`) } : value
}

function keysOf (pointer: string): string[] {
  return pointer.split('/').slice(1)
}

function entriesOf ({ path, value }: Part): Part[] {
  return isJsonObject(value) ? Object.entries(value).map(([name, item]) => ({ path: `${path}/${pointerToken(name)}`, value: item })) : []
}
