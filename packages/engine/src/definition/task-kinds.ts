/** The kinds of tasks of the DSL, each named by the key that only its tasks have; `for` also has `do`, so it comes first. */
export const TASK_KINDS = ['for', 'call', 'do', 'emit', 'fork', 'listen', 'raise', 'run', 'set', 'switch', 'try', 'wait'] as const

export type TaskKind = typeof TASK_KINDS[number]

/** The kind of a task, null when it has none. */
export function kindOf (task: object): TaskKind | null {
  return TASK_KINDS.find((kind) => Object.hasOwn(task, kind)) ?? null
}
