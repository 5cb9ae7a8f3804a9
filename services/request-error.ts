/** What can be wrong with a request beside its events and its sender, with the HTTP status and the sentence for its client. */
const FAULTS = {
  unsupported_media_type: [415, 'The body must come without Content-Encoding.'],
  invalid_cursor: [400, 'This cursor is not the id of an event. Use one that this service gave.'],
  two_cursors: [400, 'Ask for what is after an event or for what is before one, not for both.'],
  ui_not_built: [404, 'The user interface is not built. Run npm run build, then start the service again.']
} as const

export type RequestErrorCode = keyof typeof FAULTS

/** The fault of a request. */
export class RequestError extends Error {
  readonly code: RequestErrorCode
  /** HTTP. */
  readonly statusCode: number

  constructor (code: RequestErrorCode) {
    const [statusCode, message] = FAULTS[code]
    super(message)
    this.name = 'RequestError'
    this.code = code
    this.statusCode = statusCode
  }
}
