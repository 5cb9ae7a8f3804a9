import { readFileSync } from 'node:fs'
import t from 'tap'
import { environmentExample, settingDocs, settingsTable } from '../../scripts/settings-docs.ts'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

t.test('docs/settings.md and .env.example name every setting as the schema does', async (t) => {
  t.ok(read('docs/settings.md').includes(settingsTable()), 'run `npm run docs` after a change of the settings')
  t.equal(read('.env.example'), environmentExample())
})

t.test('every setting says what it means, and what counts bytes or time says in which unit', async (t) => {
  for (const { name, description } of settingDocs()) {
    t.ok(description.endsWith('.'), name)
    if (/_(MS|S|BYTES)$/.test(name)) t.match(description, /in (milliseconds|seconds|bytes)|MiB/, name)
  }
})
