import { pointerToken, type Json } from '../json.ts'

/** How a text is taken: in `expression` mode a text that is the whole template needs no `${ }` around it. */
export type TemplateMode = 'value' | 'expression'

const ENCLOSED = /^\s*\$\{(?<program>[\s\S]+)\}\s*$/

/**
 * A copy of a template in which every expression is replaced. A text is an expression when `${` begins and `}` ends it.
 *
 * @param replace takes a program, without `${ }`, and the JSON pointer in the template of the text that it is
 */
export function replaceExpressions (
  template: Json, mode: TemplateMode, replace: (program: string, path: string) => Json, path = ''
): Json {
  if (typeof template === 'string') {
    const program = ENCLOSED.exec(template)?.groups?.['program'] ?? (mode === 'expression' ? template : null)
    return program === null ? template : replace(program.trim(), path)
  }
  if (typeof template !== 'object' || template === null) return template
  const replaced = Object.entries(template).map(([key, value]): [string, Json] =>
    [key, replaceExpressions(value, 'value', replace, `${path}/${pointerToken(key)}`)])
  return isArray(template) ? replaced.map(([, value]) => value) : Object.fromEntries(replaced)
}

/** Whether a text is an expression by itself: `${` begins and `}` ends it. */
export function isExpression (text: string): boolean {
  return ENCLOSED.test(text)
}

/** Array.isArray, which also narrows arrays that are read-only. */
function isArray (value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
