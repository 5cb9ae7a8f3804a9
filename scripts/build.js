#!/usr/bin/env node
// Builds what is missing or older than its sources: node scripts/build.js [--all] [part...]. --all builds the rest, too.
import { parseArgs } from 'node:util'
import { buildParts } from './build/build-parts.js'
import { exitOnBuildError } from './build/command.js'
import { withLock } from './build/lock.js'

const { values, positionals } = parseArgs({ options: { all: { type: 'boolean' } }, allowPositionals: true })

const names = positionals.length === 0 ? undefined : positionals
await withLock(() => buildParts(names, values.all)).catch(exitOnBuildError)
