import type { Json } from '@runcast/engine'
import { Type, type Static } from 'typebox'
import { RunIdSchema } from './events.ts'

const NAME_PATTERN = '^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$'

const NameSchema = Type.String({ pattern: NAME_PATTERN, description: 'The document.name of the workflow.', examples: ['hello'] })
/** A name in a request, which may be the name of no workflow. */
const AskedNameSchema = Type.String({ minLength: 1, maxLength: 128, description: 'The document.name of the workflow.', examples: ['hello'] })
const VersionSchema = Type.String({ minLength: 1, maxLength: 64, description: 'The document.version; the highest one when left out.', examples: ['1.0.0'] })

const nullableText = (description: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description })

/** JSON from the author of the definition, which is passed on unchanged. */
const AnySchema = (description: string) => Type.Unsafe<Json>({ description })

/** The input schema of an example, for documentation. */
const INPUT_SCHEMA_EXAMPLE = { type: 'object', properties: { name: { type: 'string', title: 'Name' } }, required: ['name'] }

const WorkflowSchema = Type.Object({
  name: NameSchema,
  version: VersionSchema,
  title: nullableText('What people call it.'),
  summary: nullableText('What it does, in Markdown.'),
  input_schema: AnySchema('JSON Schema of the input; null when it sets no bounds.'),
  obstacle: nullableText('What keeps its tasks from being executed here, in one sentence; null for nothing that is known.')
})

const WorkflowFaultSchema = Type.Object({
  file: Type.String({ description: 'The file, relative to WORKFLOWS_DIR.' }),
  path: Type.String({ description: 'The place in it, as a JSON Pointer; empty for the whole.' }),
  message: Type.String({ description: 'The remedy, for its author.' })
})

export const WorkflowListSchema = Type.Object({
  workflows: Type.Array(WorkflowSchema, { description: 'By name, the highest version of each first.' }),
  faults: Type.Array(WorkflowFaultSchema, { description: 'The faults of the files that were refused.' })
}, {
  $id: 'WorkflowList',
  description: 'The workflows that can be run.',
  examples: [{
    workflows: [{ name: 'hello', version: '1.0.0', title: 'Hello', summary: 'Says hello.', input_schema: INPUT_SCHEMA_EXAMPLE, obstacle: null }],
    faults: [{ file: 'broken.yaml', path: '/do/0/wait', message: 'A duration must be ISO 8601 or an object of its parts.' }]
  }]
})

/** The workflows that can be run. */
export type WorkflowList = Static<typeof WorkflowListSchema>

const NodeSchema = Type.Object({
  id: Type.String({ description: 'The JSON Pointer of the task in the definition: the step of its events; start and end are the graph\'s own.' }),
  type: Type.String({ description: 'The kind of task: call, do, emit, for, fork, raise, run, set, switch, try, wait; start, end.' }),
  label: Type.String(),
  parent: nullableText('The task that it is within; null at the top.')
})

const EdgeSchema = Type.Object({
  from: Type.String(),
  to: Type.String(),
  label: nullableText('The case or condition under which it is taken.')
})

export const WorkflowDetailSchema = Type.Object({
  ...WorkflowSchema.properties,
  definition: Type.Unknown({ description: 'The definition in the Serverless Workflow DSL.' }),
  graph: Type.Object({ nodes: Type.Array(NodeSchema), edges: Type.Array(EdgeSchema) }, { description: 'The flow, to be drawn.' })
}, {
  $id: 'Workflow',
  description: 'One workflow.',
  examples: [{
    name: 'hello',
    version: '1.0.0',
    title: 'Hello',
    summary: 'Says hello.',
    input_schema: INPUT_SCHEMA_EXAMPLE,
    obstacle: null,
    definition: { document: { dsl: '1.0.0', namespace: 'examples', name: 'hello', version: '1.0.0' }, do: [{ greet: { set: { greeting: 'Hello' } } }] },
    graph: {
      nodes: [{ id: 'start', type: 'start', label: 'Start', parent: null }, { id: '/do/0/greet', type: 'set', label: 'greet', parent: null }, { id: 'end', type: 'end', label: 'End', parent: null }],
      edges: [{ from: 'start', to: '/do/0/greet', label: null }, { from: '/do/0/greet', to: 'end', label: null }]
    }
  }]
})

/** One workflow. */
export type WorkflowDetail = Static<typeof WorkflowDetailSchema>

export const WorkflowParamsSchema = Type.Object({ name: AskedNameSchema })

export const WorkflowQuerySchema = Type.Object({ version: Type.Optional(VersionSchema) })

export const StartRunSchema = Type.Object({
  workflow: AskedNameSchema,
  version: Type.Optional(VersionSchema),
  input: Type.Optional(AnySchema('Any JSON value that matches the workflow\'s schema; {} when left out.')),
  run_id: Type.Optional(RunIdSchema)
}, {
  $id: 'StartRun',
  additionalProperties: false,
  description: 'The workflow to be run, and its input.',
  examples: [{ workflow: 'hello', input: { name: 'Ada' } }]
})

/** The workflow to be run, and its input. */
export type StartRun = Static<typeof StartRunSchema>

export const StartedRunSchema = Type.Object({
  run_id: RunIdSchema,
  workflow: NameSchema,
  version: VersionSchema,
  url: Type.String({ description: 'The address of the run.' }),
  stream_url: Type.String({ description: 'The address of its stream.' })
}, {
  $id: 'StartedRun',
  description: 'A run that is stored and will be executed, whatever happens to the process that answered.',
  examples: [{ run_id: 'hello-5f2b9c1d03a48e77', workflow: 'hello', version: '1.0.0', url: '/api/v1/workflow-runs/hello-5f2b9c1d03a48e77', stream_url: '/api/v1/workflow-runs/hello-5f2b9c1d03a48e77/stream' }]
})

/** A run that was taken on. */
export type StartedRun = Static<typeof StartedRunSchema>

export const CancelledRunSchema = Type.Object({
  run_id: RunIdSchema,
  url: Type.String({ description: 'The address of the run.' })
}, {
  $id: 'CancelledRun',
  description: 'A run that will be over within a second or so.',
  examples: [{ run_id: 'hello-5f2b9c1d03a48e77', url: '/api/v1/workflow-runs/hello-5f2b9c1d03a48e77' }]
})

export const StartHeadersSchema = Type.Object({
  'idempotency-key': Type.Optional(Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'Names this request: sent again it starts nothing and gives the same run. With another body: 422.',
    examples: ['0b1c6a7e-7c0a-4d5f-9a57-0a7a0e3f2f51']
  }))
})
