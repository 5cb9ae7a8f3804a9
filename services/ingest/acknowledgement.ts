/** What the append script says on the channel of acknowledgements: raw messages of one run that are in the log now. */
export interface Acknowledgement {
  readonly run: string
  /** The fencing token of whoever appended them. */
  readonly token: number
  /** Of the raw messages, in order. */
  readonly hashes: readonly string[]
  /** The newest id of the run's log after them. */
  readonly last: string
}

/**
 * Reads an acknowledgement.
 *
 * @returns null when the text is none
 */
export function readAcknowledgement (text: string): Acknowledgement | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  if (!('run' in value && 'token' in value && 'hashes' in value && 'last' in value)) return null
  const { run, token, hashes, last } = value
  if (typeof run !== 'string' || typeof token !== 'number' || typeof last !== 'string' || !Array.isArray(hashes)) return null
  return { run, token, hashes: hashes.map(String), last }
}
