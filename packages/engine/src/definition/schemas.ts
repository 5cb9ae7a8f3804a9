import { errorText } from '../error-text.ts'
import type { Fault } from '../fault.ts'
import type { SchemaReference, WorkflowDefinition } from './dsl.ts'
import { compileSchema } from './json-schema.ts'
import { visitTasks } from './visit-tasks.ts'

/** Lists the faults of the JSON Schemas in a definition. */
export function schemaFaults (definition: WorkflowDefinition): Fault[] {
  const faults = [...referenceFaults(definition.input, '/input'), ...referenceFaults(definition.output, '/output')]
  for (const { path, task } of visitTasks(definition)) {
    faults.push(...referenceFaults(task.input, `${path}/input`), ...referenceFaults(task.output, `${path}/output`), ...referenceFaults(task.export, `${path}/export`))
  }
  return faults
}

function referenceFaults (model: { readonly schema?: SchemaReference } | undefined, path: string): Fault[] {
  if (model?.schema === undefined) return []
  const { format = 'json', document } = model.schema
  if (!/^json(?::|$)/.test(format)) return [{ path: `${path}/schema/format`, message: 'Schemas must be JSON Schemas, format json.' }]
  if (document === undefined) return [{ path: `${path}/schema/resource`, message: 'Schemas from elsewhere are not supported: write the schema as `document`.' }]
  try {
    compileSchema(document)
    return []
  } catch (error) {
    return [{ path: `${path}/schema/document`, message: `This is no JSON Schema: ${errorText(error)}.` }]
  }
}
