import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CommandClient } from '../../redis/connections.ts'

const SHARED = read(new URL('log.lua', import.meta.url))

/** A Lua script on the keys of a run, run by its hash and sent in full only to a server that does not know it. */
export class Script {
  readonly #text: string
  readonly #sha: string

  /**
   * @param name its file; what log.lua has is put before it, and then its other parts
   * @param base the module that the files are beside; this one when left out
   * @param parts the files of its other parts
   */
  constructor (name: string, base: string = import.meta.url, parts: readonly string[] = []) {
    const text = read(new URL(name, base))
    const before = [SHARED, ...parts.map((part) => read(new URL(part, base)))].join('\n')
    const shebangEnd = text.indexOf('\n') + 1
    this.#text = text.slice(0, shebangEnd) + before + text.slice(shebangEnd)
    this.#sha = createHash('sha1').update(this.#text).digest('hex')
  }

  /**
   * Runs the script, in one round trip when the server has it.
   *
   * @param keys all of one hash slot
   * @returns what the script returned
   * @throws Error of the client
   */
  async run (redis: CommandClient, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args)
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await redis.eval(this.#text, keys.length, ...keys, ...args)
    }
  }
}

function read (file: URL): string {
  return readFileSync(file, 'utf8')
}
