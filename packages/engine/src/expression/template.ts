import { pointerToken, type Json } from '../json.ts'

/** In `expression` mode a text that is the whole template is an expression even without `${ }` around it. */
export type TemplateMode = 'value' | 'expression'

const ENCLOSED = /^\s*\$\{(?<program>[\s\S]+)\}\s*$/

/**
 * Copies a template with every expression replaced. A text is an expression when `${` begins and `}` ends it.
 *
 * @param replace takes a program, without `${ }`, and the JSON pointer of its text in the template
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

/** Tells whether a text is an expression: `${` begins and `}` ends it. */
export function isExpression (text: string): boolean {
  return ENCLOSED.test(text)
}

/** Works like Array.isArray, and also narrows read-only arrays. */
function isArray (value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
