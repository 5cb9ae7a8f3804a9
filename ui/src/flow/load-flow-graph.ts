import { loadPart } from '../shell/load-part.ts'

/** The graph, with the libraries that lay it out and draw it: loaded when one is to be seen. */
export const loadFlowGraph = () => loadPart(async () => ({ default: (await import('./flow-graph.tsx')).FlowGraph }))
