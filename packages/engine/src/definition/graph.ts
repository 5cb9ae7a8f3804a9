import type { FlowDirective, SwitchTask, Task, TaskKind, TaskList, WorkflowDefinition } from './dsl.ts'
import { traitsOf } from './task-kinds.ts'
import { namedTasks } from './visit-tasks.ts'

/** A task, or one of the two ends. */
export interface GraphNode {
  /** The JSON pointer of the task in the definition; `start` and `end` are the graph's own. */
  readonly id: string
  readonly type: TaskKind | 'start' | 'end'
  readonly label: string
  /** The task around it; null at the top. */
  readonly parent: string | null
}

/** A way from one node to the next. */
export interface GraphEdge {
  readonly from: string
  readonly to: string
  /** The case in which it is taken; `default` if no case holds, `error` for a handler. */
  readonly label: string | null
}

/** The flow of a workflow, to be drawn. */
export interface WorkflowGraph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly GraphEdge[]
}

/**
 * Draws the flow of a checked definition. A task with tasks of its own is a group: the first task of each list begins
 * with the group, and the group ends where no edge leads on.
 */
export function graphOf ({ do: tasks }: WorkflowDefinition): WorkflowGraph {
  const nodes: GraphNode[] = [{ id: 'start', type: 'start', label: 'Start', parent: null }]
  const edges: GraphEdge[] = []
  drawList({ nodes, edges }, tasks, '/do', null)
  edges.unshift({ from: 'start', to: namedTasks(tasks, '/do')[0]?.path ?? 'end', label: null })
  nodes.push({ id: 'end', type: 'end', label: 'End', parent: null })
  return { nodes, edges }
}

interface Drawing { readonly nodes: GraphNode[], readonly edges: GraphEdge[] }

/** @param parent null for the list of the workflow, which leads to the end */
function drawList (drawing: Drawing, list: TaskList, path: string, parent: string | null): void {
  const items = namedTasks(list, path)
  const left = parent === null ? 'end' : null
  for (const [index, { path: id, name, task }] of items.entries()) {
    drawTask(drawing, id, name, task, parent)
    const next = items[index + 1]?.path ?? left
    const targetOf = (directive: FlowDirective) => {
      if (directive === 'end') return 'end'
      if (directive === 'exit') return left
      return directive === 'continue' ? next : items.find((item) => item.name === directive)?.path ?? null
    }
    const ways = 'switch' in task ? casesOf(task) : [{ label: null, directive: task.then ?? 'continue' }]
    // A task that is skipped goes on with the next one.
    if (task.if !== undefined && ('raise' in task || ways.every(({ directive }) => targetOf(directive) !== next))) ways.push({ label: 'skipped', directive: 'continue' })
    for (const { label, directive } of ways) {
      const to = 'raise' in task && label === null ? null : targetOf(directive)
      if (to !== null) drawing.edges.push({ from: id, to, label })
    }
  }
}

function drawTask (drawing: Drawing, id: string, label: string, task: Task, parent: string | null): void {
  const { kind, lists } = traitsOf(task)
  drawing.nodes.push({ id, type: kind, label, parent })
  for (const { path, tasks, isOrdered } of lists) {
    if (isOrdered) drawList(drawing, tasks, id + path, id)
    else for (const branch of namedTasks(tasks, id + path)) drawTask(drawing, branch.path, branch.name, branch.task, id)
  }
  if ('try' in task) {
    const [from, to] = [namedTasks(task.try, `${id}/try`).at(-1)?.path, namedTasks(task.catch.do ?? [], `${id}/catch/do`)[0]?.path]
    if (from !== undefined && to !== undefined) drawing.edges.push({ from, to, label: 'error' })
  }
}

function casesOf (task: SwitchTask): Array<{ label: string | null, directive: FlowDirective }> {
  const cases = task.switch.flatMap((item) => Object.entries(item))
  const ways = cases.map(([label, { then = 'continue' }]) => ({ label, directive: then }))
  return cases.some(([, { when }]) => when === undefined) ? ways : [...ways, { label: 'default', directive: task.then ?? 'continue' }]
}
