/** The append script's news on the channel of acknowledgements: raw messages of one run are in the log now. */
export interface Acknowledgement {
  readonly run: string
  /** The fencing token of the process that appended them. */
  readonly token: number
  /** The hashes of the raw messages, in order. */
  readonly hashes: readonly string[]
  /** The newest id of the run's log after them. */
  readonly last: string
}

/**
 * Reads an acknowledgement.
 *
 * @returns null when the text is not an acknowledgement
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
  return { run, token, hashes: hashes.flatMap((hash) => String(hash).split(' ')), last }
}
