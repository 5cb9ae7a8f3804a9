import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './root.js'

/**
 * Gives a text that changes with the name, size or time of change of any file.
 *
 * @param paths files and folders, relative to the project
 * @param others fingerprints that it depends on, too
 * @throws Error `ENOENT` when one does not exist
 */
export function fingerprint (paths, others = []) {
  const hash = createHash('sha256').update(others.join('\n'))
  for (const file of paths.flatMap(filesAt)) {
    const { size, mtimeMs } = lstatSync(join(ROOT, file))
    hash.update(`${file}\n${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

function filesAt (path) {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path]
  const entries = readdirSync(join(ROOT, path), { withFileTypes: true }).sort((a, b) => a.name < b.name ? -1 : 1)
  return entries.flatMap((entry) => entry.isDirectory() ? filesAt(join(path, entry.name)) : [join(path, entry.name)])
}
