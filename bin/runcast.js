#!/usr/bin/env node
import { existsSync } from 'node:fs'

const compiled = new URL('../dist/bin/runcast.js', import.meta.url)

if (existsSync(compiled)) {
  await import(compiled.href)
} else {
  const root = new URL('..', import.meta.url).pathname
  console.error(`runcast: not built yet. Run \`npm run build\` in ${root} first.`)
  process.exitCode = 1
}
