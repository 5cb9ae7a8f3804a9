import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Authorization } from '../http/request.ts'

/** A connection to an MCP server. */
export interface Connection {
  readonly transport: Transport
  readonly authorization: Authorization
  /** Rejects when the connection is of no more use. The error is written for the author of the workflow. */
  readonly broken: Promise<never>
  /** A sentence that may explain a missing answer; null when the server did nothing unusual. */
  readonly hint: string | null
  /** Ends the connection and everything that was started for it. */
  close (): Promise<void>
}

/** The most bytes that JSON-RPC adds to a result. */
export const ENVELOPE_BYTES = 65_536
