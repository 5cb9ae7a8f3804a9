import { isJsonObject } from '../json.ts'
import type { WorkflowDefinition } from './dsl.ts'
import { visitTasks } from './visit-tasks.ts'

/** Whether tasks of a definition start processes: programs, or MCP servers over stdio. */
export function startsProcesses (definition: WorkflowDefinition): boolean {
  for (const { task } of visitTasks(definition)) {
    if ('run' in task) return true
    const transport = 'call' in task && task.call === 'mcp' && isJsonObject(task.with) ? task.with['transport'] : undefined
    if (isJsonObject(transport) && 'stdio' in transport) return true
  }
  return false
}
