import { createLineSplitter } from '@runcast/client/lines'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { JSONRPCMessageSchema, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'
import type { ProcessGroup } from '../process/process-group.ts'

export interface StdioOptions {
  /** The most bytes of one message. */
  readonly maxMessageBytes: number
  /** Called with each line of the server's output that is no message. */
  readonly onStrayLine: (line: string) => void
  /** Called when a message is too long; nothing is read after it. */
  readonly onTooLong: () => void
}

/**
 * Speaks MCP with a process by its standard input and output. Unlike the SDK's own transport it ends the process with
 * everything that it has started (`npx` starts the server as a child), and bounds the length of a message.
 *
 * https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#stdio
 */
export function createStdioTransport (group: ProcessGroup, { maxMessageBytes, onStrayLine, onTooLong }: StdioOptions): Transport {
  const lines = createLineSplitter(Infinity)
  let isClosed = false
  // The SDK hands notifications on a moment later than answers. Each message has a turn of its own, so that the last
  // progress is published before the result ends the call.
  let turn = Promise.resolve()

  const transport: Transport = {
    async start () {
      group.stdout.on('data', read)
      group.closed.then(closed).catch(() => {})
    },
    async send (message) {
      if (isClosed) throw new Error('The MCP server has ended.')
      group.stdin.write(`${JSON.stringify(message)}\n`)
    },
    async close () {
      group.stdin.end()
      await group.end()
      closed()
    }
  }

  function read (chunk: Buffer): void {
    for (const { text } of lines.push(chunk)) receive(text)
    if (lines.waiting > maxMessageBytes) {
      onTooLong()
      group.stdout.destroy()
    }
  }

  function receive (line: string): void {
    if (line.trim() === '') return
    const message = messageOf(line)
    if (message === null) onStrayLine(line)
    else turn = turn.then(() => transport.onmessage?.(message)).catch(() => {})
  }

  function closed (): void {
    if (isClosed) return
    isClosed = true
    for (const { text } of lines.end()) receive(text)
    turn = turn.then(() => transport.onclose?.()).catch(() => {})
  }

  return transport
}

function messageOf (line: string): JSONRPCMessage | null {
  try {
    return JSONRPCMessageSchema.parse(JSON.parse(line))
  } catch {
    return null
  }
}
