/** The reasons why a Redis that answers does not serve this service, until somebody changes a setting here or there. */
export type RefusalReason =
  | 'redis_read_only'
  | 'redis_wrong_password'
  | 'redis_not_permitted'
  | 'redis_input_channels'
  | 'redis_unsupported'

/** The replies of Redis that no repetition changes. Everything else may pass: a full memory, a Cluster that is down. */
const REPLIES: ReadonlyArray<readonly [reply: RegExp, reason: RefusalReason]> = [
  [/\bREADONLY\b/, 'redis_read_only'],
  [/\b(?:WRONGPASS|NOAUTH)\b|invalid password/, 'redis_wrong_password'],
  [/\bNOPERM\b|ACL failure|^DENIED\b|user executing the script can't/, 'redis_not_permitted'],
  [/unknown (?:Redis )?(?:sub)?command|not allowed from script|cluster support disabled|not allowed in cluster mode|DB index is out of range|invalid DB index/i, 'redis_unsupported']
]

/** Reads the reason of a refusal from an error or from the errors behind it; null when it is another fault. */
export function refusalOf (error: unknown): RefusalReason | null {
  if (!(error instanceof Error)) return null
  const found = REPLIES.find(([reply]) => reply.test(error.message))
  if (found !== undefined) return found[1]
  return refusalOf(error.cause ?? ('lastNodeError' in error ? error.lastNodeError : null))
}

/** The parts of the service that Redis refuses now. Each part notes its own refusals under a name. */
export class Refusals {
  readonly #reasons = new Map<string, RefusalReason>()

  /** The reason of the refusal that has lasted longest; null when nothing is refused. */
  get current (): RefusalReason | null {
    return this.#reasons.values().next().value ?? null
  }

  /**
   * Notes an error of a part if it is a refusal.
   *
   * @param permission the reason to give instead of `redis_not_permitted`
   * @returns whether it is one; then the readiness tells the operator, and no other line need do so
   */
  note (part: string, error: unknown, permission: RefusalReason = 'redis_not_permitted'): boolean {
    const reason = refusalOf(error)
    if (reason === null) return false
    this.#reasons.set(part, reason === 'redis_not_permitted' ? permission : reason)
    return true
  }

  /** Forgets the refusal of a part that is served now, or not there any more. */
  clear (part: string): void {
    this.#reasons.delete(part)
  }
}
