import { loadPart } from '../shell/load-part.ts'

/** Loads the graph with the libraries that lay it out and draw it. */
export const loadFlowGraph = () => loadPart(async () => ({ default: (await import('./flow-graph.tsx')).FlowGraph }))
