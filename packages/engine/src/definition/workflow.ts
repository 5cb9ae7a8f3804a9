import type { JsonObject } from '../json.ts'
import type { WorkflowDefinition } from './dsl.ts'

/** A definition that was checked: it can be executed. */
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

/** One thing that is wrong with a definition. */
export interface DefinitionFault {
  /** JSON pointer into the definition, '' for the whole. */
  readonly path: string
  /** One sentence that tells the author what to do. */
  readonly message: string
}

/** Why a definition is refused: everything that is wrong with it at once. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError'
  readonly faults: readonly DefinitionFault[]

  constructor (faults: readonly DefinitionFault[]) {
    super(faults.map(({ path, message }) => path === '' ? message : `${path}: ${message}`).join(' '))
    this.faults = faults
  }
}
