import { Graph, layout } from '@dagrejs/dagre'
import type { WorkflowDetail } from '../api/types.ts'

type FlowGraph = WorkflowDetail['graph']

/** The place of a node: its upper left corner within its parent, and its size, in pixels. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const NODE_WIDTH = 176
export const NODE_HEIGHT = 44
const END_SIZE = 28

/** The height above the nodes of a group, for its name. */
const GROUP_HEAD = 24

const RANK_SEPARATION = 28

/** The size of an edge's label. */
const LETTER_WIDTH = 7
const LABEL_HEIGHT = 16

/** Places the nodes of a flow from top to bottom, and the nodes of a group within the group. */
export function placesOf ({ nodes, edges }: FlowGraph): ReadonlyMap<string, Place> {
  const heads = headsOf(nodes)
  const ranksep = RANK_SEPARATION + Math.max(0, ...heads.values()) / 2
  const graph = new Graph({ compound: true }).setGraph({ rankdir: 'TB', nodesep: 28, ranksep, marginx: 12, marginy: 12 }).setDefaultEdgeLabel(() => ({}))
  for (const { id, type } of nodes) {
    const isEnd = type === 'start' || type === 'end'
    graph.setNode(id, heads.has(id) ? {} : { width: isEnd ? END_SIZE : NODE_WIDTH, height: isEnd ? END_SIZE : NODE_HEIGHT })
  }
  for (const { id, parent } of nodes) if (parent !== null) graph.setParent(id, parent)
  // The layout has no edges of groups. Such an edge goes to the first nodes of a group, and from all of its last ones.
  const begins = endsOf(nodes, new Set(edges.map(({ to }) => to)))
  const ends = endsOf(nodes, new Set(edges.map(({ from }) => from)))
  for (const { from, to, label } of edges) {
    for (const source of ends(from)) for (const target of begins(to)) graph.setEdge(source, target, label === null ? {} : labelOf(label))
  }
  layout(graph)
  const boxes = new Map(nodes.map(({ id }) => {
    const { x = 0, y = 0, width = NODE_WIDTH, height = NODE_HEIGHT } = graph.node(id)
    const head = heads.get(id) ?? 0
    return [id, { x: x - width / 2, y: y - height / 2 - head, width, height: height + head }]
  }))
  return new Map(nodes.map(({ id, parent }) => {
    const box = boxes.get(id) ?? { x: 0, y: 0, width: NODE_WIDTH, height: NODE_HEIGHT }
    const around = parent === null ? undefined : boxes.get(parent)
    return [id, around === undefined ? box : { ...box, x: box.x - around.x, y: box.y - around.y }]
  }))
}

/** The size that the label of an edge takes, so that no node covers it. */
function labelOf (label: string): { readonly width: number, readonly height: number, readonly labelpos: 'c' } {
  return { width: Math.min(NODE_WIDTH, label.length * LETTER_WIDTH + LETTER_WIDTH), height: LABEL_HEIGHT, labelpos: 'c' }
}

/** The height above the nodes of each group: for its own name, and for the names of the groups in it. */
function headsOf (nodes: FlowGraph['nodes']): ReadonlyMap<string, number> {
  const groups = new Set(nodes.flatMap(({ parent }) => parent ?? []))
  const headOf = (group: string): number => {
    const inner = nodes.filter(({ id, parent }) => parent === group && groups.has(id))
    return GROUP_HEAD + Math.max(0, ...inner.map(({ id }) => headOf(id)))
  }
  return new Map([...groups].map((group) => [group, headOf(group)]))
}

/** Makes a function that gives the innermost nodes of a group that are not in `joined`; for any other node the node itself. */
function endsOf (nodes: FlowGraph['nodes'], joined: ReadonlySet<string>): (id: string) => readonly string[] {
  const ends = (id: string): readonly string[] => {
    const inner = nodes.filter(({ parent }) => parent === id)
    const loose = inner.filter((node) => !joined.has(node.id))
    return inner.length === 0 ? [id] : (loose.length === 0 ? inner : loose).flatMap((node) => ends(node.id))
  }
  return ends
}
