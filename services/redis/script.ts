import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { CommandClient } from './connections.ts'

const CLOCK = read(new URL('clock.lua', import.meta.url))

/** A Lua script on keys of one hash slot, run by its hash and sent in full only to a server that does not know it. */
export class Script {
  readonly #text: string
  readonly #sha: string

  /**
   * Reads the script from its files. Its text begins with the parts, so that it can use their functions, and with
   * `now()` of clock.lua.
   *
   * @param base the URL of the module that the files stand beside
   * @param name the file of the script
   * @param parts the files that go before it
   * @throws Error when a file is not there
   */
  constructor (base: string, name: string, parts: readonly string[] = []) {
    const text = read(new URL(name, base))
    const before = [CLOCK, ...parts.map((part) => read(new URL(part, base)))].join('\n')
    const shebangEnd = text.indexOf('\n') + 1
    this.#text = text.slice(0, shebangEnd) + before + text.slice(shebangEnd)
    this.#sha = createHash('sha1').update(this.#text).digest('hex')
  }

  /**
   * Runs the script, in one round trip when the server has it.
   *
   * @param keys all of one hash slot
   * @returns the reply of the script
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
