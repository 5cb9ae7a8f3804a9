/** An own field of a value of any shape; undefined when it has none of this name. */
export function fieldOf (value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined
}
