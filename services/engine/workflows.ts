import type { Workflow, WorkflowDirectory } from '@runcast/engine'
import type { WorkflowDetail, WorkflowList } from '../../schemas/workflows.ts'

/** What this service lets workflows do. */
export interface Permissions {
  readonly allowProcesses: boolean
}

/** The deployed workflows as clients see them. */
export async function toWorkflowList (directory: WorkflowDirectory, permissions: Permissions): Promise<WorkflowList> {
  const { workflows, faults } = await directory.list()
  return { workflows: await Promise.all(workflows.map((workflow) => toWorkflow(workflow, permissions))), faults: [...faults] }
}

/** One workflow as clients see it. */
export async function toWorkflowDetail (workflow: Workflow, permissions: Permissions): Promise<WorkflowDetail> {
  const { graphOf } = await import('@runcast/engine')
  const { nodes, edges } = graphOf(workflow.definition)
  return { ...await toWorkflow(workflow, permissions), definition: workflow.definition, graph: { nodes: [...nodes], edges: [...edges] } }
}

async function toWorkflow ({ name, version, title, summary, inputSchema, definition }: Workflow, { allowProcesses }: Permissions): Promise<WorkflowList['workflows'][number]> {
  const { startsProcesses } = await import('@runcast/engine')
  const obstacle = !allowProcesses && startsProcesses(definition) ? 'It starts processes, which this service does not allow: see ENGINE_ALLOW_PROCESSES.' : null
  return { name, version, title, summary, input_schema: inputSchema, obstacle }
}
