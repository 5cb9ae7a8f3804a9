import type { Json, JsonObject } from '../json.ts'

/**
 * The parts of the Serverless Workflow DSL, 1.0.0 to 1.0.3, that the engine executes, as a loaded definition has them:
 * references to `use` are still names, and durations are still as their author wrote them.
 *
 * https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md
 */

/** `{ document: {…} }` in JSON Schema, the only supported format. */
export interface SchemaReference {
  readonly format?: string
  readonly document?: JsonObject | boolean
}

export interface InputModel { readonly schema?: SchemaReference, readonly from?: Json }
export interface OutputModel { readonly schema?: SchemaReference, readonly as?: Json }
export interface ExportModel { readonly schema?: SchemaReference, readonly as?: Json }

/** ISO 8601 text or its parts; the text may be an expression. */
export type Duration = string | {
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
}

/** Written in place, or the name of one in `use.timeouts`. */
export type Timeout = string | { readonly after: Duration }

/** An error in the form of RFC 9457, as the DSL has it; texts may be expressions. */
export interface ErrorDefinition {
  readonly type: string
  readonly status: number | string
  readonly title?: string
  readonly detail?: string
  readonly instance?: string
}

/** Selects the errors that a `try` catches: all fields that are set must match. */
export interface ErrorFilter extends Partial<ErrorDefinition> {
  /** The DSL's name for `detail`. */
  readonly details?: string
}

export interface RetryPolicy {
  readonly when?: string
  readonly exceptWhen?: string
  readonly delay?: Duration
  readonly backoff?: { readonly constant?: JsonObject, readonly linear?: JsonObject, readonly exponential?: JsonObject }
  readonly limit?: { readonly attempt?: { readonly count?: number, readonly duration?: Duration }, readonly duration?: Duration }
  readonly jitter?: { readonly from: Duration, readonly to: Duration }
}

/** `continue`, `exit`, `end`, or the name of a task in the same list. */
export type FlowDirective = string

export interface TaskBase {
  readonly if?: string
  readonly input?: InputModel
  readonly output?: OutputModel
  readonly export?: ExportModel
  readonly timeout?: Timeout
  readonly then?: FlowDirective
  readonly metadata?: JsonObject
}

export interface HttpArguments {
  readonly method: string
  readonly endpoint: string | { readonly uri: string, readonly authentication?: Json }
  readonly headers?: Json
  readonly body?: Json
  readonly query?: Json
  readonly output?: 'raw' | 'content' | 'response'
  readonly redirect?: boolean
}

/** `call: mcp` of DSL 1.0.2 and later. */
export interface McpArguments {
  readonly protocolVersion?: string
  readonly method: string
  readonly parameters?: Json
  readonly timeout?: Duration
  readonly transport: {
    readonly http?: { readonly endpoint: HttpArguments['endpoint'], readonly headers?: Json }
    readonly stdio?: { readonly command: string, readonly arguments?: readonly string[], readonly environment?: Json }
    readonly options?: JsonObject
  }
  readonly client?: { readonly name: string, readonly version: string, readonly description?: string }
}

/** A call of a function in `use.functions` has its name; its `with` is the input that the caller adds. */
export type CallTask = TaskBase & { readonly call: string, readonly with?: Json }
export type DoTask = TaskBase & { readonly do: TaskList }
export type EmitTask = TaskBase & { readonly emit: { readonly event: { readonly with: JsonObject } } }
export type ForTask = TaskBase & {
  readonly for: { readonly each?: string, readonly in: string, readonly at?: string }
  readonly while?: string
  readonly do: TaskList
}
export type ForkTask = TaskBase & { readonly fork: { readonly branches: TaskList, readonly compete?: boolean } }
export type RaiseTask = TaskBase & { readonly raise: { readonly error: string | ErrorDefinition } }
export type RunTask = TaskBase & {
  readonly run: {
    readonly await?: boolean
    readonly return?: 'stdout' | 'stderr' | 'code' | 'all' | 'none'
    readonly shell: { readonly command: string, readonly arguments?: Json, readonly environment?: Json, readonly stdin?: string }
  }
}
export type SetTask = TaskBase & { readonly set: Json }
export type SwitchTask = TaskBase & {
  readonly switch: ReadonlyArray<{ readonly [name: string]: { readonly when?: string, readonly then?: FlowDirective } }>
}
export type TryTask = TaskBase & {
  readonly try: TaskList
  readonly catch: {
    readonly errors?: { readonly with?: ErrorFilter }
    readonly as?: string
    readonly when?: string
    readonly exceptWhen?: string
    readonly retry?: string | RetryPolicy
    readonly do?: TaskList
  }
}
export type WaitTask = TaskBase & { readonly wait: Duration }

/** The tasks of each kind. A kind has the name of the key that its tasks have. */
export interface TasksByKind {
  readonly call: CallTask
  readonly do: DoTask
  readonly emit: EmitTask
  readonly for: ForTask
  readonly fork: ForkTask
  readonly raise: RaiseTask
  readonly run: RunTask
  readonly set: SetTask
  readonly switch: SwitchTask
  readonly try: TryTask
  readonly wait: WaitTask
}

export type TaskKind = keyof TasksByKind

export type Task = TasksByKind[TaskKind]

/** Each item has one key: the task's name. */
export type TaskList = ReadonlyArray<{ readonly [name: string]: Task }>

/** The parts of a definition that its tasks use by name, by the group of `use` in which they stand. */
export interface NamedParts {
  readonly functions: Task
  readonly errors: ErrorDefinition
  readonly retries: RetryPolicy
  readonly timeouts: { readonly after: Duration }
  readonly authentications: Json
}

export type UsedParts = { readonly [Group in keyof NamedParts]?: { readonly [name: string]: NamedParts[Group] } }

export interface WorkflowDefinition {
  readonly document: {
    readonly dsl: string
    readonly namespace: string
    readonly name: string
    readonly version: string
    readonly title?: string
    readonly summary?: string
    readonly tags?: JsonObject
    readonly metadata?: JsonObject
  }
  readonly input?: InputModel
  readonly output?: OutputModel
  readonly timeout?: Timeout
  readonly evaluate?: { readonly mode?: 'strict' | 'loose' }
  readonly use?: UsedParts & { readonly secrets?: readonly string[] }
  readonly do: TaskList
}
