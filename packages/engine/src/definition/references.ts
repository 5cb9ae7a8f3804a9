import type { Fault } from '../fault.ts'
import { pointerToken, isJsonObject, type Json } from '../json.ts'
import type { WorkflowDefinition } from './dsl.ts'
import { traitsOf, type UsedName } from './task-kinds.ts'
import { visitTasks, type TaskVisit } from './visit-tasks.ts'

const DIRECTIVES = ['continue', 'exit', 'end']
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/
const RESERVED = ['authorization', 'context', 'input', 'output', 'runtime', 'secrets', 'task', 'workflow', 'ENV', '__loc__']
const AUTHENTICATIONS = ['basic', 'bearer']

/** Lists the names in a definition that lead nowhere, exist twice, or cannot be variables. */
export function referenceFaults (definition: WorkflowDefinition): Fault[] {
  const { use = {}, timeout } = definition
  const faults: Fault[] = []
  const refuse = (path: string, message: string) => { faults.push({ path, message }) }
  const checkName = ({ path, group, name }: UsedName) => {
    if (typeof name === 'string' && !Object.hasOwn(use[group] ?? {}, name)) refuse(path, `There is no "${name}" in use.${group}.`)
  }

  checkName({ path: '/timeout', group: 'timeouts', name: timeout })
  for (const [name, policy] of Object.entries(use.authentications ?? {})) faults.push(...authenticationFaults(use, policy, `/use/authentications/${pointerToken(name)}`))
  for (const visit of visitTasks(definition)) {
    const { path, task } = visit
    faults.push(...directiveFaults(visit), ...variableFaults(visit))
    checkName({ path: `${path}/timeout`, group: 'timeouts', name: task.timeout })
    for (const { path: at, ...name } of traitsOf(task).names) checkName({ path: path + at, ...name })
    if ('call' in task) faults.push(...endpointFaults(use, task.with, `${path}/with`))
  }
  return [...faults, ...circleFaults(definition)]
}

function directiveFaults ({ path, name, task, targets }: TaskVisit): Fault[] {
  const directives = [['/then', task.then] as const, ...traitsOf(task).directives]
  const lost = directives.filter(([, target]) => target !== undefined && !DIRECTIVES.includes(target) && !targets.includes(target))
  const faults = lost.map(([at, target]) => ({ path: path + at, message: `There is no task "${target}" in the same list: name one, or continue, exit or end.` }))
  const isFirst = targets.indexOf(name) === Number(path.slice(0, path.lastIndexOf('/')).split('/').at(-1))
  return targets.length === 0 || isFirst ? faults : [...faults, { path, message: `There is another task "${name}" in the same list: give each a name of its own.` }]
}

function variableFaults ({ path, task }: TaskVisit): Fault[] {
  const { variables } = traitsOf(task)
  return variables.flatMap(({ path: at, name }, index) => {
    if (!VARIABLE.test(name) || RESERVED.includes(name)) {
      return [{ path: path + at, message: `A variable cannot have the name "${name}": take letters, digits and _, and none of ${RESERVED.slice(0, 8).join(', ')}.` }]
    }
    const isTaken = variables.slice(0, index).some((other) => other.name === name)
    return isTaken ? [{ path: path + at, message: `The task has another variable "${name}": give each a name of its own.` }] : []
  })
}

/** Checks the endpoint of an HTTP call, or of an MCP call over HTTP. */
function endpointFaults (use: Use, given: Json | undefined, path: string): Fault[] {
  if (!isJsonObject(given)) return []
  const { endpoint, transport } = given
  if (isJsonObject(transport) && isJsonObject(transport['http'])) return endpointFaults(use, transport['http'], `${path}/transport/http`)
  const authentication = isJsonObject(endpoint) ? endpoint['authentication'] : undefined
  return authentication === undefined ? [] : authenticationFaults(use, authentication, `${path}/endpoint/authentication`)
}

type Use = NonNullable<WorkflowDefinition['use']>

function authenticationFaults (use: Use, policy: Json, path: string): Fault[] {
  if (!isJsonObject(policy)) return [{ path, message: 'It must be an object.' }]
  const [[kind, credentials] = ['', null]] = Object.entries(policy)
  if (kind === 'use') {
    const isKnown = typeof credentials === 'string' && Object.hasOwn(use.authentications ?? {}, credentials)
    return isKnown ? [] : [{ path: `${path}/use`, message: `There is no "${String(credentials)}" in use.authentications.` }]
  }
  if (!AUTHENTICATIONS.includes(kind)) return [{ path: `${path}/${pointerToken(kind)}`, message: 'Only basic and bearer authentication are supported.' }]
  const secret = isJsonObject(credentials) ? credentials['use'] : undefined
  if (secret === undefined || (typeof secret === 'string' && use.secrets?.includes(secret) === true)) return []
  return [{ path: `${path}/${kind}/use`, message: `There is no "${String(secret)}" in use.secrets.` }]
}

/** Finds functions that call each other in a circle: they would never end. */
function circleFaults (definition: WorkflowDefinition): Fault[] {
  const functions = Object.keys(definition.use?.functions ?? {})
  const calls = new Map(functions.map((name): [string, Set<string>] => [name, new Set()]))
  for (const { path, task } of visitTasks(definition)) {
    const owner = functions.find((name) => `${path}/`.startsWith(`/use/functions/${pointerToken(name)}/`))
    if (owner !== undefined && 'call' in task) calls.get(owner)?.add(task.call)
  }
  return functions.filter((name) => reaches(calls, name, name, new Set())).map((name) => ({
    path: `/use/functions/${pointerToken(name)}`, message: 'The function calls itself, directly or through others: functions must not call each other in a circle.'
  }))
}

function reaches (calls: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string, seen: Set<string>): boolean {
  for (const name of calls.get(from) ?? []) {
    if (name === to) return true
    if (seen.has(name)) continue
    seen.add(name)
    if (reaches(calls, name, to, seen)) return true
  }
  return false
}
