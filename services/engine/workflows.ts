import type { Workflow, WorkflowDirectory } from '@runcast/engine'
import type { WorkflowDetail, WorkflowList } from '../../schemas/workflows.ts'

/** The permissions of workflows in this service. */
export interface Permissions {
  readonly allowProcesses: boolean
}

/** Makes the list of deployed workflows for clients. */
export async function toWorkflowList (directory: WorkflowDirectory, permissions: Permissions): Promise<WorkflowList> {
  const [{ startsProcesses }, { workflows, faults }] = await Promise.all([import('@runcast/engine'), directory.list()])
  return { workflows: workflows.map((workflow) => toWorkflow(workflow, startsProcesses(workflow.definition), permissions)), faults: [...faults] }
}

/** Makes the description of one workflow for clients. */
export async function toWorkflowDetail (workflow: Workflow, permissions: Permissions): Promise<WorkflowDetail> {
  const { graphOf, startsProcesses } = await import('@runcast/engine')
  const { nodes, edges } = graphOf(workflow.definition)
  return { ...toWorkflow(workflow, startsProcesses(workflow.definition), permissions), definition: workflow.definition, graph: { nodes: [...nodes], edges: [...edges] } }
}

function toWorkflow ({ name, version, title, summary, inputSchema }: Workflow, needsProcesses: boolean, { allowProcesses }: Permissions): WorkflowList['workflows'][number] {
  const obstacle = needsProcesses && !allowProcesses ? 'It starts processes, which this service does not allow: see ENGINE_ALLOW_PROCESSES.' : null
  return { name, version, title, summary, input_schema: inputSchema, obstacle }
}
