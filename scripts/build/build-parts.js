import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BuildError } from './command.js'
import { fingerprint } from './fingerprint.js'
import { COMMON_SOURCES, PARTS } from './parts.js'
import { release } from './releases.js'
import { RECORDS, ROOT } from './root.js'

/**
 * Builds the parts that are missing or out of date. The caller holds the lock.
 *
 * A part is up to date if neither its sources nor its output changed since a build of it was complete. A build fills a
 * folder beside the output and then puts it in its place, so that no program meets half a build.
 *
 * @param names the parts to build; the parts that they need are built first
 * @param isForced builds up-to-date parts, too
 * @throws BuildError when a part can't be built
 */
export async function buildParts (names = PARTS.map(({ name }) => name), isForced = false) {
  const fingerprints = new Map()
  const results = new Map()
  for (const part of withNeeds(names)) {
    // Taken before the build: a source that changes during the build makes the part out of date again.
    const sources = fingerprint([...COMMON_SOURCES, ...part.sources], part.needs.map((name) => fingerprints.get(name)))
    const isUpToDate = !isForced && stampOf(part, sources) === readStamp(part)
    const needed = Promise.all(part.needs.map((name) => results.get(name)))
    fingerprints.set(part.name, sources)
    results.set(part.name, isUpToDate ? needed : needed.then(() => build(part, sources)))
  }
  const failure = (await Promise.allSettled(results.values())).find(({ status }) => status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

function withNeeds (names) {
  const unknown = names.find((name) => !PARTS.some((part) => part.name === name))
  if (unknown !== undefined) throw new BuildError(`There is no part ${unknown}. The parts are ${PARTS.map(({ name }) => name).join(', ')}.`)
  const wanted = new Set(names)
  for (const { name, needs } of PARTS.toReversed()) {
    if (wanted.has(name)) needs.forEach((need) => wanted.add(need))
  }
  return PARTS.filter(({ name }) => wanted.has(name))
}

async function build (part, sources) {
  console.error(`Building ${part.name}.`)
  const output = join(ROOT, part.output)
  removeLeftovers(output)
  const folder = beside(output, 'next')
  mkdirSync(folder)
  try {
    await part.build(folder)
    if (part.isReleased) release(folder)
    else replace(output, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  writeFileSync(stampFile(part), stampOf(part, sources))
}

function replace (output, folder) {
  const old = beside(output, 'old')
  if (existsSync(output)) renameSync(output, old)
  renameSync(folder, output)
  rmSync(old, { recursive: true, force: true })
}

function beside (output, kind) {
  return join(dirname(output), `.dist-${kind}-${process.pid}`)
}

/** Removes folders of builds that were interrupted. Programs that outlived such a build may still write there. */
function removeLeftovers (output) {
  for (const name of readdirSync(dirname(output)).filter((name) => /^\.dist-(?:next|old)-/.test(name))) {
    rmSync(join(dirname(output), name), { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Gives the record of a complete build as it would be now, or null when there is no output. */
function stampOf ({ output }, sources) {
  return existsSync(join(ROOT, output)) ? `${sources} ${fingerprint([output])}` : null
}

function readStamp (part) {
  const file = stampFile(part)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

function stampFile ({ name }) {
  return join(RECORDS, `built-${name}`)
}
