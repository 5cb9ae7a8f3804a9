import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One answer with the page: made for it alone, so that its nonce is. */
export interface PageAnswer {
  readonly html: string
  readonly contentSecurityPolicy: string
}

/** What the page has where the nonce of an answer belongs. */
const NONCE_PLACE = '__CSP_NONCE__'

/**
 * Reads the one page of the built user interface, which shows what its address says.
 *
 * @param directory what the build of `ui/` made
 * @returns makes an answer with it; null when nothing is built there
 */
export function readPage (directory: string): (() => PageAnswer) | null {
  const pieces = read(join(directory, 'index.html'))?.split(NONCE_PLACE)
  if (pieces === undefined) return null
  return () => {
    const nonce = randomBytes(16).toString('base64')
    return { html: pieces.join(nonce), contentSecurityPolicy: policy(nonce) }
  }
}

/** Nothing but what the service itself serves, and styles in line that know the nonce. */
function policy (nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'"
  ].join('; ')
}

function read (path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
