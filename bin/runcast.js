#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const compiled = new URL('../dist/bin/runcast.js', import.meta.url)

if (existsSync(compiled)) {
  await import(compiled.href)
} else {
  console.error(`runcast: not built yet. Run \`npm run build\` in ${fileURLToPath(new URL('..', import.meta.url))} first.`)
  process.exitCode = 1
}
