import type { Workflow, WorkflowDirectory } from '@runcast/engine'
import type { WorkflowDetail, WorkflowList } from '../../schemas/workflows.ts'

/** The deployed workflows as clients see them. */
export async function toWorkflowList (directory: WorkflowDirectory): Promise<WorkflowList> {
  const { workflows, faults } = await directory.list()
  return { workflows: workflows.map(toWorkflow), faults: [...faults] }
}

/** One workflow as clients see it. */
export async function toWorkflowDetail (workflow: Workflow): Promise<WorkflowDetail> {
  const { graphOf } = await import('@runcast/engine')
  const { nodes, edges } = graphOf(workflow.definition)
  return { ...toWorkflow(workflow), definition: workflow.definition, graph: { nodes: [...nodes], edges: [...edges] } }
}

function toWorkflow ({ name, version, title, summary, inputSchema }: Workflow): WorkflowList['workflows'][number] {
  return { name, version, title, summary, input_schema: inputSchema }
}
