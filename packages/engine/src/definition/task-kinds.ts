/** The kinds of tasks of the DSL, each named by the key that only its tasks have; `for` also has `do`, so it comes first. */
export const TASK_KINDS = ['for', 'call', 'do', 'emit', 'fork', 'listen', 'raise', 'run', 'set', 'switch', 'try', 'wait'] as const

export type TaskKind = typeof TASK_KINDS[number]

/** Whether a task calls somebody outside of the workflow, and not a function of `use.functions`. */
export function isRemoteCall (task: object): boolean {
  return 'call' in task && (task.call === 'http' || task.call === 'mcp')
}

/** Whether a task executes other tasks. */
export function isComposite (task: object): boolean {
  const kind = kindOf(task)
  return kind === 'do' || kind === 'for' || kind === 'fork' || kind === 'try' || (kind === 'call' && !isRemoteCall(task))
}

/** The kind of a task, null when it has none. */
export function kindOf (task: object): TaskKind | null {
  return TASK_KINDS.find((kind) => Object.hasOwn(task, kind)) ?? null
}
