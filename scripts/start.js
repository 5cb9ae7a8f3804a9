#!/usr/bin/env node
// Builds what is missing or older than its sources, then becomes the service.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildParts } from './build/build-parts.js'
import { exitOnBuildError } from './build/command.js'
import { withLock } from './build/lock.js'
import { claimRelease } from './build/releases.js'

const folder = await withLock(async () => {
  await buildParts()
  return claimRelease()
}).catch(exitOnBuildError)
await import(pathToFileURL(join(folder, 'server.js')))
