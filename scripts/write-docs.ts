// Writes the documents on settings from their schema, the one place that knows them.
import { readFileSync, writeFileSync } from 'node:fs'
import { environmentExample, settingsTable } from './settings-docs.ts'

const page = new URL('../docs/settings.md', import.meta.url)
const text = readFileSync(page, 'utf8')
writeFileSync(page, text.replace(/(<!-- settings -->\n)[\s\S]*(\n<!-- \/settings -->)/, (_, start: string, end: string) => `${start}${settingsTable()}${end}`))
writeFileSync(new URL('../.env.example', import.meta.url), environmentExample())
