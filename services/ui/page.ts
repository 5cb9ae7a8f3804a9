import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Stands in the page where the nonce of an answer belongs. */
const NONCE_PLACE = '__CSP_NONCE__'

/**
 * Reads the one page of the built user interface, which shows what its address says.
 *
 * @param directory holds the build of `ui/`
 * @returns makes the HTML of an answer with its nonce; null when nothing is built there
 */
export function readPage (directory: string): ((nonce: string) => string) | null {
  const pieces = read(join(directory, 'index.html'))?.split(NONCE_PLACE)
  return pieces === undefined ? null : (nonce) => pieces.join(nonce)
}

function read (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
