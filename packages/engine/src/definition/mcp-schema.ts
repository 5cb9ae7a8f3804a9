import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Fault } from '../fault.ts'
import type { Json } from '../json.ts'

const textMap = { anyOf: [{ type: 'object', additionalProperties: { type: 'string' } }, { type: 'string' }] }

/** https://github.com/serverlessworkflow/specification/blob/main/dsl-reference.md#mcp-call */
const McpArgumentsSchema = {
  type: 'object',
  required: ['method', 'transport'],
  additionalProperties: false,
  properties: {
    protocolVersion: { type: 'string' },
    method: { enum: ['tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'resources/list', 'resources/read', 'resources/templates/list'] },
    parameters: { type: ['object', 'string'] },
    timeout: {
      type: 'object',
      additionalProperties: false,
      properties: Object.fromEntries(['days', 'hours', 'minutes', 'seconds', 'milliseconds'].map((unit) => [unit, { type: 'integer' }]))
    },
    transport: {
      type: 'object',
      additionalProperties: false,
      properties: {
        http: {
          type: 'object',
          required: ['endpoint'],
          additionalProperties: false,
          properties: {
            endpoint: {
              type: ['string', 'object'],
              required: ['uri'],
              additionalProperties: false,
              properties: { uri: { type: 'string' }, authentication: { type: 'object' } }
            },
            headers: textMap
          }
        },
        stdio: {
          type: 'object',
          required: ['command'],
          additionalProperties: false,
          properties: { command: { type: 'string' }, arguments: { type: 'array', items: { type: 'string' } }, environment: textMap }
        },
        options: { type: 'object', additionalProperties: { type: 'string' } }
      },
      oneOf: [{ required: ['http'] }, { required: ['stdio'] }]
    },
    client: {
      type: 'object',
      required: ['name', 'version'],
      properties: { name: { type: 'string' }, version: { type: 'string' }, description: { type: 'string' } }
    }
  }
}

const validate = new Ajv2020({ allErrors: true, strict: false }).compile(McpArgumentsSchema)

/** Lists the faults of the `with` of a `call: mcp`, which the SDK's DSL 1.0.0 does not know. */
export function mcpFaults ({ path, value }: { readonly path: string, readonly value: Json }): Fault[] {
  if (validate(value)) return []
  const errors = (validate.errors ?? []).filter(({ schemaPath }) => !schemaPath.includes('/oneOf/'))
  return errors.map(({ keyword, instancePath, message, params }) => {
    if (keyword === 'oneOf') return { path: path + instancePath, message: 'It must have either http or stdio.' }
    const { additionalProperty, allowedValues } = params
    const detail = additionalProperty === undefined ? '' : `: "${additionalProperty}"`
    const allowed = Array.isArray(allowedValues) ? ` (${allowedValues.join(', ')})` : ''
    return { path: path + instancePath, message: `It ${message}${detail}${allowed}.` }
  })
}
