import type { WorkflowDefinition } from './dsl.ts'
import { traitsOf } from './task-kinds.ts'
import { visitTasks } from './visit-tasks.ts'

/** Tells whether tasks of a definition start processes: programs, or MCP servers over stdio. */
export function startsProcesses (definition: WorkflowDefinition): boolean {
  for (const { task } of visitTasks(definition)) {
    if (traitsOf(task).startsProcesses) return true
  }
  return false
}
