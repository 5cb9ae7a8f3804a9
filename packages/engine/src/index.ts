export type * from './definition/dsl.ts'
export { graphOf, type GraphEdge, type GraphNode, type WorkflowGraph } from './definition/graph.ts'
export { compileSchema, type SchemaCheck, type SchemaFault } from './definition/json-schema.ts'
export { loadWorkflow } from './definition/load-workflow.ts'
export { startsProcesses } from './definition/processes.ts'
export {
  createWorkflowDirectory, type FileFault, type WorkflowDirectory, type WorkflowDirectoryOptions
} from './definition/workflow-directory.ts'
export * from './definition/workflow.ts'
export { createEngine } from './engine.ts'
export * from './engine-options.ts'
export * from './expression/evaluator.ts'
export { createEvaluator, type EvaluatorOptions } from './expression/jq-evaluator.ts'
export * from './store/run-store.ts'
