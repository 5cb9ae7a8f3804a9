// The built service lies in a folder of its own for each build, .dist-1, .dist-2 and so on, and `dist` is a link to the
// newest. Node resolves the link when it loads the service, which therefore reads its files from one build to its end.
import { lstatSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isAlive } from './lock.js'
import { RECORDS, ROOT } from './root.js'

const DIST = join(ROOT, 'dist')

/** The number of releases that stay in any case: the newest, and two for services that `npm start` did not start. */
const KEPT = 3

/** Makes a folder that was built the newest release. Removes older ones that no service uses. */
export function release (folder) {
  if (lstatSync(DIST, { throwIfNoEntry: false })?.isDirectory()) renameSync(DIST, nextRelease())
  const target = nextRelease()
  const link = `${folder}.link`
  renameSync(folder, target)
  symlinkSync(basename(target), link)
  renameSync(link, DIST)
  prune()
}

/**
 * Keeps the newest release until this process ends. Removes older ones that no service uses.
 *
 * @returns its folder
 */
export function claimRelease () {
  const folder = realpathSync(DIST)
  writeFileSync(join(RECORDS, `server-${process.pid}`), basename(folder))
  prune()
  return folder
}

function nextRelease () {
  return join(ROOT, `.dist-${(releases().at(-1) ?? 0) + 1}`)
}

/** Gives the numbers of the releases, oldest first. */
function releases () {
  const numbers = readdirSync(ROOT).flatMap((name) => /^\.dist-(\d+)$/.exec(name)?.[1] ?? []).map(Number)
  return numbers.sort((a, b) => a - b)
}

function prune () {
  const used = new Set(claims())
  for (const number of releases().slice(0, -KEPT)) {
    if (!used.has(`.dist-${number}`)) rmSync(join(ROOT, `.dist-${number}`), { recursive: true, force: true })
  }
}

/** Gives the releases that living processes use, and forgets the others' claims. */
function claims () {
  return readdirSync(RECORDS).filter((name) => name.startsWith('server-')).flatMap((name) => {
    const file = join(RECORDS, name)
    if (isAlive(Number(name.slice('server-'.length)))) return readFileSync(file, 'utf8')
    rmSync(file)
    return []
  })
}
