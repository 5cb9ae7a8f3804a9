import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeChange, type NodeProps } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useMantineColorScheme } from '@mantine/core'
import { statusKindOf } from '@runcast/protocol'
import { useMemo } from 'react'
import type { WorkflowDetail } from '../api/types.ts'
import { StatusIcon, statusLabel } from '../status/status-icon.tsx'
import { placesOf } from './flow-layout.ts'
import classes from './flow-graph.module.css'

export interface FlowGraphProps {
  readonly graph: WorkflowDetail['graph']
  /** The status of each task that has one, by its JSON Pointer. */
  readonly states: ReadonlyMap<string, string>
  /** Shows running tasks as running; false while the states may be old. */
  readonly isLive: boolean
  /** The selected task; null for none. */
  readonly selected: string | null
  /** Called with the task that is selected, or null when the selection ends. null when tasks can not be selected. */
  readonly onSelect: ((id: string | null) => void) | null
}

type TaskNode = Node<{ readonly label: string, readonly kind: string, readonly status: string | null, readonly isLive: boolean }, 'task' | 'tasks' | 'end'>

const NODE_TYPES = { task: Task, tasks: Group, end: End }

/** The flow of a workflow, its tasks coloured by their statuses. */
export function FlowGraph ({ graph, states, isLive, selected, onSelect }: FlowGraphProps) {
  const { colorScheme } = useMantineColorScheme()
  const places = useMemo(() => placesOf(graph), [graph])
  const nodes = useMemo(() => nodesOf({ graph, states, isLive, selected }, places), [graph, places, states, isLive, selected])
  const edges = useMemo<Edge[]>(() => graph.edges.map(({ from, to, label }, index) => ({
    id: String(index), source: from, target: to, markerEnd: { type: MarkerType.ArrowClosed }, ...(label === null ? {} : { label })
  })), [graph])
  // The keyboard selects as well as the pointer.
  const changed = (changes: NodeChange<TaskNode>[]) => {
    const selections = changes.filter((change) => change.type === 'select')
    const chosen = selections.find((change) => change.selected)
    if (chosen !== undefined) onSelect?.(chosen.id)
    else if (selections.some(({ id }) => id === selected)) onSelect?.(null)
  }
  return (
    <ReactFlow
      className={classes['graph'] ?? ''} nodes={nodes} edges={edges} nodeTypes={NODE_TYPES} colorMode={colorScheme === 'auto' ? 'system' : colorScheme}
      proOptions={{ hideAttribution: true }} fitView fitViewOptions={{ maxZoom: 1, padding: 0.1 }} minZoom={0.2}
      nodesDraggable={false} nodesConnectable={false} edgesFocusable={false} elementsSelectable={onSelect !== null} nodesFocusable={onSelect !== null}
      onNodesChange={changed} onNodeClick={(_event, { id }) => { if (id === selected) onSelect?.(null) }}
    >
      <Background />
      <Controls showInteractive={false} />
    </ReactFlow>
  )
}

function nodesOf ({ graph: { nodes }, states, isLive, selected }: Omit<FlowGraphProps, 'onSelect'>, places: ReturnType<typeof placesOf>): TaskNode[] {
  const groups = new Set(nodes.map(({ parent }) => parent))
  // A parent comes before its children.
  return nodes.toSorted((one, other) => one.id.split('/').length - other.id.split('/').length).map(({ id, type, label, parent }) => {
    const { x = 0, y = 0, width = 0, height = 0 } = places.get(id) ?? {}
    const status = states.get(id) ?? null
    return {
      id,
      type: type === 'start' || type === 'end' ? 'end' : groups.has(id) ? 'tasks' : 'task',
      position: { x, y },
      width,
      height,
      selected: id === selected,
      ariaLabel: status === null ? label : `${label}: ${statusLabel(status)}`,
      data: { label, kind: type, status, isLive },
      ...(type === 'start' || type === 'end' ? { selectable: false, focusable: false } : {}),
      ...(parent === null ? {} : { parentId: parent })
    }
  })
}

function Task ({ data: { label, kind, status, isLive }, selected }: NodeProps<TaskNode>) {
  const state = status === null ? undefined : statusKindOf(status)
  return (
    <div className={classes['task']} data-state={state} data-selected={selected}>
      <Handle type='target' position={Position.Top} isConnectable={false} />
      {state !== undefined && <StatusIcon kind={state} moving={isLive} size={14} />}
      <span className={classes['label']} title={label}>{label}</span>
      <span className={classes['kind']}>{kind}</span>
      <Handle type='source' position={Position.Bottom} isConnectable={false} />
    </div>
  )
}

function Group ({ data: { label, kind, status, isLive }, selected }: NodeProps<TaskNode>) {
  const state = status === null ? undefined : statusKindOf(status)
  return (
    <div className={classes['group']} data-state={state} data-selected={selected}>
      <Handle type='target' position={Position.Top} isConnectable={false} />
      <div className={classes['head']}>
        {state !== undefined && <StatusIcon kind={state} moving={isLive} size={12} />}
        <span className={classes['label']}>{label}</span>
        <span className={classes['kind']}>{kind}</span>
      </div>
      <Handle type='source' position={Position.Bottom} isConnectable={false} />
    </div>
  )
}

function End ({ data: { label, kind } }: NodeProps<TaskNode>) {
  return (
    <div className={classes['end']} title={label} data-kind={kind}>
      <Handle type='target' position={Position.Top} isConnectable={false} />
      <Handle type='source' position={Position.Bottom} isConnectable={false} />
    </div>
  )
}
