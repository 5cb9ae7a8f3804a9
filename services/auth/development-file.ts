import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The content of `DATA_DIR/dev.json`, for other programs of the same user: the address of the service, and the HS256
 * key (the bytes of the text) that signs tokens. Only the owner of the file can read it.
 */
export interface DevelopmentFile {
  readonly secret: string
  /** The last address of the service. */
  readonly url?: string
  /** The process that listened at this address. */
  readonly pid?: number
}

const SECRET_SHAPE = /^[A-Za-z0-9_-]{43}$/

/**
 * Gives the secret of the development start: 256 bits, made at the first start and the same at every later one.
 *
 * @throws Error when the directory or the file can't be written
 */
export function developmentSecret (dataDirectory: string): string {
  const found = read(dataDirectory)
  const secret = hasSecret(found) ? found.secret : randomBytes(32).toString('base64url')
  write(dataDirectory, { ...found, secret })
  return secret
}

/** Notes the address of the service. The other fields stay. */
export function noteAddress (dataDirectory: string, url: string, pid: number): void {
  write(dataDirectory, { ...read(dataDirectory), url, pid })
}

function read (dataDirectory: string): object {
  try {
    const content: unknown = JSON.parse(readFileSync(pathIn(dataDirectory), 'utf8'))
    return typeof content === 'object' && content !== null ? content : {}
  } catch (error) {
    // Half a file is as good as none, since its content can be made again.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) return {}
    throw error
  }
}

function hasSecret (content: object): content is DevelopmentFile {
  return 'secret' in content && typeof content.secret === 'string' && SECRET_SHAPE.test(content.secret)
}

/** Writes through a rename, so that nobody reads half a file, and the mode is right whatever the old file had. */
function write (dataDirectory: string, content: object): void {
  mkdirSync(dataDirectory, { recursive: true })
  const temporary = `${pathIn(dataDirectory)}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, pathIn(dataDirectory))
}

function pathIn (dataDirectory: string): string {
  return join(dataDirectory, 'dev.json')
}
