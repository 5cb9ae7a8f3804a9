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
 * Reads the acknowledgements of one call of the script.
 *
 * @returns those that the text holds, in order; none when it is something else
 */
export function readAcknowledgements (text: string): Acknowledgement[] {
  let values: unknown
  try {
    values = JSON.parse(text)
  } catch {
    return []
  }
  return Array.isArray(values) ? values.map(acknowledgementOf).filter((one) => one !== null) : []
}

function acknowledgementOf (value: unknown): Acknowledgement | null {
  if (typeof value !== 'object' || value === null) return null
  if (!('run' in value && 'token' in value && 'hashes' in value && 'last' in value)) return null
  const { run, token, hashes, last } = value
  if (typeof run !== 'string' || typeof token !== 'number' || typeof last !== 'string' || !Array.isArray(hashes)) return null
  return { run, token, hashes: hashes.map(String), last }
}
