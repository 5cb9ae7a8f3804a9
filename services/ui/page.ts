import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The parts of an answer that the page has places for. */
export interface PageParts {
  readonly nonce: string
  /** The path below which the client sees the service; '' for the root. */
  readonly basePath: string
}

/** Stand in the page where the nonce and the base path of an answer belong. The build writes the addresses of its files relative to the base path. */
const PLACES = /__CSP_NONCE__|__BASE_PATH__|(?<==")\.(?=\/assets\/)/g

/**
 * Reads the one page of the built user interface, which shows what its address says.
 *
 * @param directory holds the build of `ui/`
 * @returns makes the HTML of an answer; null when nothing is built there
 */
export function readPage (directory: string): ((parts: PageParts) => string) | null {
  const html = read(join(directory, 'index.html'))
  if (html === undefined) return null
  return ({ nonce, basePath }) => html.replace(PLACES, (place) => place === '__CSP_NONCE__' ? nonce : basePath)
}

function read (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
