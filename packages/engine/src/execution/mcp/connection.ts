import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Authorization } from '../http/request.ts'

/** The way to an MCP server. */
export interface Connection {
  readonly transport: Transport
  readonly authorization: Authorization
  /** Rejects when the server can't be spoken with any more, in words for the author of the workflow. */
  readonly broken: Promise<never>
  /** What the server did that may explain why it does not answer; null for nothing. */
  readonly suspicion: string | null
  /** Ends the connection and what was started for it. */
  close (): Promise<void>
}

/** Room for what JSON-RPC adds to a result, in bytes. */
export const ENVELOPE_BYTES = 65_536
