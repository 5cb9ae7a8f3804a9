import { errorText } from '../error-text.ts'
import type { Fault } from '../fault.ts'
import type { Json } from '../json.ts'

/** Faults that only say that another fault makes an alternative fail. */
const CONSEQUENCES = /must match (?:exactly one|a) schema|must NOT be valid|must match "/

/**
 * Lists the faults that the schemas of DSL 1.0.0 find in a part of a definition.
 *
 * The SDK is imported with the first call: the import takes half a second.
 *
 * @param type the name of the part in the SDK, such as `SetTask`
 * @see https://github.com/serverlessworkflow/sdk-typescript
 */
export async function specificationFaults (type: string, { path, value }: { readonly path: string, readonly value: Json }): Promise<Fault[]> {
  const sdk = await import('@serverlessworkflow/sdk')
  // Loaders such as tsx take the module for bundlers, which has no default export.
  const { validate } = sdk.default ?? sdk
  try {
    validate(type, value)
    return []
  } catch (error) {
    return faultsIn(errorText(error)).map(({ path: at, message }) => ({ path: path + at, message }))
  }
}

/** Reads the faults from the report of the SDK: lines of `- path | path in the schema | message | parameters`. */
function faultsIn (report: string): Fault[] {
  const lines = [...report.split('\n\ndata: ', 1)[0]?.matchAll(/^- (?<path>.*?) \| .*? \| (?<message>.*?) \| (?<parameters>\{.*\})$/gm) ?? []]
  const byPath = new Map<string, Set<string>>()
  for (const { groups: { path = '', message = '', parameters = '{}' } = {} } of lines) {
    byPath.set(path, (byPath.get(path) ?? new Set()).add(`${message}${detailOf(JSON.parse(parameters))}`))
  }
  const faults = [...byPath].map(([path, messages]) => ({ path, messages: [...messages] }))
  const causes = faults.flatMap(({ path, messages }) => {
    const said = messages.filter((message) => !CONSEQUENCES.test(message))
    return said.length === 0 ? [] : [{ path, message: `It ${said.slice(0, 4).join(', or ')}.` }]
  })
  return causes.length > 0 ? causes : [{ path: faults[0]?.path ?? '', message: 'It does not match the schema of the DSL.' }]
}

function detailOf (parameters: { readonly [name: string]: unknown }): string {
  const { unevaluatedProperty, additionalProperty, allowedValues } = parameters
  if (Array.isArray(allowedValues)) return ` (${allowedValues.join(', ')})`
  const name = unevaluatedProperty ?? additionalProperty
  return typeof name === 'string' ? `: "${name}"` : ''
}
