import type { Fault } from '../fault.ts'
import type { JsonObject } from '../json.ts'
import type { WorkflowDefinition } from './dsl.ts'

/** A definition that was checked and can be executed. */
export interface Workflow {
  readonly name: string
  readonly version: string
  readonly namespace: string
  readonly title: string | null
  readonly summary: string | null
  /** JSON Schema of the input; null when the definition sets no bounds. */
  readonly inputSchema: JsonObject | boolean | null
  readonly definition: WorkflowDefinition
}

/** Refuses a definition, with all of its faults at once. Each message is a sentence that tells the author what to do. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError'
  readonly faults: readonly Fault[]

  constructor (faults: readonly Fault[]) {
    super(faults.map(({ path, message }) => path === '' ? message : `${path}: ${message}`).join(' '))
    this.faults = faults
  }
}
