import type { TemplateMode } from '../expression/template.ts'
import { isJsonObject, pointerToken, type Json } from '../json.ts'
import type { Duration, RetryPolicy, Task, TaskKind, TaskList, TasksByKind } from './dsl.ts'
import { errorVariable, loopVariables } from './variables.ts'

/** A list of tasks within the tasks of a kind. */
interface NestedList<OfKind extends Task> {
  /** JSON pointer from the task to the list. */
  readonly path: string
  readonly tasks: (task: OfKind) => TaskList
  /** True when the tasks follow each other, so that their flow directives may name one another. */
  readonly isOrdered: boolean
  /** True when the tasks can use the variables that the task brings. */
  readonly hasVariables: boolean
}

/** A value of a task in which expressions may stand. */
export interface Template {
  /** JSON pointer from the task to the value. */
  readonly path: string
  readonly value: object | Json | undefined
  readonly mode: TemplateMode
  /** True when its expressions can use the variables that the task brings. */
  readonly hasVariables: boolean
}

/** A duration that is written in place, with its JSON pointer. */
export type PlacedDuration = readonly [path: string, duration: Duration | undefined]

/** A name of something in `use`, with its JSON pointer. Anything but a text is defined in place. */
export interface UsedName {
  readonly path: string
  readonly group: 'errors' | 'retries' | 'timeouts' | 'functions'
  readonly name: unknown
}

/** The parts of a task that depend on its kind. Paths are JSON pointers from the task. */
interface KindOfTask<OfKind extends Task> {
  /** The name of its schema in the SDK. */
  readonly schema: string
  readonly lists: ReadonlyArray<NestedList<OfKind>>
  readonly templates: (task: OfKind) => readonly Template[]
  readonly durations: (task: OfKind) => readonly PlacedDuration[]
  /** The variables that the task brings, without `$`. */
  readonly variables: (task: OfKind) => ReadonlyArray<{ readonly path: string, readonly name: string }>
  readonly names: (task: OfKind) => readonly UsedName[]
  /** The flow directives of the task beside its `then`. */
  readonly directives: (task: OfKind) => ReadonlyArray<readonly [path: string, directive: string | undefined]>
  readonly startsProcesses: (task: OfKind) => boolean
}

const none = () => []

/** A kind whose tasks have nothing but expressions. */
const PLAIN = { lists: [], durations: none, variables: none, names: none, directives: none, startsProcesses: () => false }

/**
 * Everything that the checks of a definition know of each kind. A kind without a row does not compile; the other
 * table, for execution, is in tasks/kinds.ts. A task is of the first kind whose key it has: a `for` has a `do` as well.
 */
const KINDS: { readonly [Kind in TaskKind]: KindOfTask<TasksByKind[Kind]> } = {
  for: {
    ...PLAIN,
    schema: 'ForTask',
    lists: [{ path: '/do', tasks: (task) => task.do, isOrdered: true, hasVariables: true }],
    templates: (task) => [expression('/for/in', task.for.in), { ...expression('/while', task.while), hasVariables: true }],
    variables ({ for: loop }) {
      const [item, index] = loopVariables(loop)
      return [{ path: '/for/each', name: item }, { path: '/for/at', name: index }]
    }
  },
  call: {
    ...PLAIN,
    schema: 'CallFunction',
    templates: (task) => [values('/with', task.with)],
    durations: ({ call, with: given }) => call === 'mcp' && isJsonObject(given) && typeof given['timeout'] === 'string' ? [['/with/timeout', given['timeout']]] : [],
    names: (task) => isRemoteCall(task) ? [] : [{ path: '/call', group: 'functions', name: task.call }],
    startsProcesses: ({ call, with: given }) => call === 'mcp' && isJsonObject(given) && isJsonObject(given['transport']) && 'stdio' in given['transport']
  },
  do: {
    ...PLAIN,
    schema: 'DoTask',
    lists: [{ path: '/do', tasks: (task) => task.do, isOrdered: true, hasVariables: false }],
    templates: none
  },
  emit: { ...PLAIN, schema: 'EmitTask', templates: (task) => [values('/emit/event/with', task.emit.event.with)] },
  fork: {
    ...PLAIN,
    schema: 'ForkTask',
    lists: [{ path: '/fork/branches', tasks: (task) => task.fork.branches, isOrdered: false, hasVariables: false }],
    templates: none
  },
  raise: {
    ...PLAIN,
    schema: 'RaiseTask',
    templates: (task) => [values('/raise/error', task.raise.error)],
    names: (task) => [{ path: '/raise/error', group: 'errors', name: task.raise.error }]
  },
  run: { ...PLAIN, schema: 'RunTask', templates: (task) => [values('/run/shell', task.run.shell)], startsProcesses: () => true },
  set: { ...PLAIN, schema: 'SetTask', templates: (task) => [values('/set', task.set)] },
  switch: {
    ...PLAIN,
    schema: 'SwitchTask',
    templates: (task) => task.switch.flatMap((item, index) => Object.entries(item).map(([name, { when }]) => expression(`/switch/${index}/${pointerToken(name)}/when`, when))),
    directives: (task) => task.switch.flatMap((item, index) => Object.entries(item).map(([name, { then }]) => [`/switch/${index}/${pointerToken(name)}/then`, then] as const))
  },
  try: {
    ...PLAIN,
    schema: 'TryTask',
    lists: [
      { path: '/try', tasks: (task) => task.try, isOrdered: true, hasVariables: false },
      { path: '/catch/do', tasks: (task) => task.catch.do ?? [], isOrdered: true, hasVariables: true }
    ],
    templates ({ catch: { when, exceptWhen, retry } }) {
      const all = [expression('/catch/when', when), expression('/catch/exceptWhen', exceptWhen), ...typeof retry === 'object' ? policyTemplates('/catch/retry', retry) : []]
      return all.map((template) => ({ ...template, hasVariables: true }))
    },
    durations: ({ catch: { retry } }) => typeof retry === 'object' ? policyDurations('/catch/retry', retry) : [],
    variables: (task) => [{ path: '/catch/as', name: errorVariable(task.catch) }],
    names: (task) => [{ path: '/catch/retry', group: 'retries', name: task.catch.retry }]
  },
  wait: { ...PLAIN, schema: 'WaitTask', templates: (task) => [values('/wait', task.wait)], durations: (task) => [['/wait', task.wait]] }
}

function expression (path: string, value: string | undefined): Template {
  return { path, value, mode: 'expression', hasVariables: false }
}

function values (path: string, value: Template['value']): Template {
  return { path, value, mode: 'value', hasVariables: false }
}

/** Gives the values of a retry policy in which expressions may stand. @param path the JSON pointer of the policy */
export function policyTemplates (path: string, { when, exceptWhen, ...durations }: RetryPolicy): Template[] {
  return [expression(`${path}/when`, when), expression(`${path}/exceptWhen`, exceptWhen), values(path, durations)]
}

/** Gives the durations of a retry policy. @param path the JSON pointer of the policy */
export function policyDurations (path: string, { delay, jitter, limit }: RetryPolicy): PlacedDuration[] {
  return [
    [`${path}/delay`, delay], [`${path}/jitter/from`, jitter?.from], [`${path}/jitter/to`, jitter?.to],
    [`${path}/limit/duration`, limit?.duration], [`${path}/limit/attempt/duration`, limit?.attempt?.duration]
  ]
}

function keysOf<Table extends object> (table: Table): Array<Extract<keyof Table, string>> {
  const keys = []
  for (const key in table) keys.push(key)
  return keys
}

/** All kinds, in the order in which a task is compared with them. */
export const TASK_KINDS: readonly TaskKind[] = keysOf(KINDS)

/** Gives the kind of a task, null when it has none. */
export function kindOf (task: object): TaskKind | null {
  return TASK_KINDS.find((kind) => Object.hasOwn(task, kind)) ?? null
}

/** Gives the name in the SDK of the schema of a kind, and the JSON pointers of the lists within its tasks. */
export function schemaOf (kind: TaskKind): { readonly schema: string, readonly lists: readonly string[] } {
  const { schema, lists } = KINDS[kind]
  return { schema, lists: lists.map(({ path }) => path) }
}

/** Reads from a task everything that depends on its kind. @throws TypeError when it has none: the task was not checked */
export function traitsOf (task: Task) {
  const kind = kindOf(task)
  if (kind === null) throw new TypeError('The task is of no kind: check its definition first.')
  return read(kind, task)
}

function read<Kind extends TaskKind> (kind: Kind, task: TasksByKind[Kind]) {
  const traits = KINDS[kind]
  const variables = traits.variables(task)
  return {
    kind,
    variables,
    lists: traits.lists.map(({ tasks, hasVariables, ...list }) => ({ ...list, tasks: tasks(task), variables: hasVariables ? variables.map(({ name }) => name) : [] })),
    templates: traits.templates(task),
    durations: traits.durations(task),
    names: traits.names(task),
    directives: traits.directives(task),
    startsProcesses: traits.startsProcesses(task)
  }
}

/** Tells whether a task is an HTTP or MCP call, and no call of a function in `use.functions`. */
export function isRemoteCall (task: object): boolean {
  return 'call' in task && (task.call === 'http' || task.call === 'mcp')
}

/** Tells whether a task executes other tasks. */
export function isComposite (task: Task): boolean {
  const kind = kindOf(task)
  return kind !== null && (KINDS[kind].lists.length > 0 || (kind === 'call' && !isRemoteCall(task)))
}
