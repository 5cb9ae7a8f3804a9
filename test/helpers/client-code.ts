import { readFileSync } from 'node:fs'

const PAGE = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8')

/** The code under a title of docs/clients.md. */
export function codeOf (title: string): string {
  const [, code] = new RegExp(`^## ${title}\\n(?:(?!## )[^\\n]*\\n)*?\`\`\`\\w+\\n(.*?)^\`\`\``, 'ms').exec(PAGE) ?? []
  if (code === undefined) throw new Error(`the page has no code for ${title}`)
  return code
}
