#!/usr/bin/env node
// Builds what is missing or older than its sources, then becomes the service.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildParts } from './build/build-parts.js'
import { checkStart } from './build/check-start.js'
import { exitOnBuildError } from './build/command.js'
import { withLock } from './build/lock.js'
import { claimRelease } from './build/releases.js'

/** The signals that stop the service in good order, once it has listeners of its own. */
const SIGNALS = ['SIGTERM', 'SIGINT']

// A build is no service: it may end at once, with the compilers that it has started.
const end = () => process.exit(0)
for (const signal of SIGNALS) process.on(signal, end)

await checkStart().catch(exitOnBuildError)
const folder = await withLock(async () => {
  await buildParts()
  return claimRelease()
}).catch(exitOnBuildError)
await import(pathToFileURL(join(folder, 'server.js')))
for (const signal of SIGNALS) process.off(signal, end)
