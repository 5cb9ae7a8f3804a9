// Writes the documents on settings from their schema, the one place that knows them.
import { readFileSync, writeFileSync } from 'node:fs'
import { environmentExample, settingsTable } from './settings-docs.ts'

const readme = new URL('../README.md', import.meta.url)
const text = readFileSync(readme, 'utf8')
writeFileSync(readme, text.replace(/(<!-- settings -->\n)[\s\S]*(\n<!-- \/settings -->)/, (_, start: string, end: string) => `${start}${settingsTable()}${end}`))
writeFileSync(new URL('../.env.example', import.meta.url), environmentExample())
