#!/usr/bin/env node
// Builds what is missing or older than its sources: node scripts/build.js [--all] [--for-start] [part...]. --all builds the
// rest, too; --for-start builds nothing when a start of the service would fail.
import { parseArgs } from 'node:util'
import { buildParts } from './build/build-parts.js'
import { checkStart } from './build/check-start.js'
import { exitOnBuildError } from './build/command.js'
import { withLock } from './build/lock.js'

const { values, positionals } = parseArgs({ options: { all: { type: 'boolean' }, 'for-start': { type: 'boolean' } }, allowPositionals: true })

if (values['for-start']) await checkStart().catch(exitOnBuildError)
const names = positionals.length === 0 ? undefined : positionals
await withLock(() => buildParts(names, values.all)).catch(exitOnBuildError)
