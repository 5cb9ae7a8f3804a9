/**
 * Ends an attempt at a run from outside: its tasks stop where they are, no `try` catches it.
 *
 * `cancelled`: somebody asked for the end of the run. `stopped`: this process closes, another one goes on. `fenced`:
 * another attempt has begun. `broken`: the store does not answer; whoever claims the run next goes on.
 */
export class AttemptEnd extends Error {
  override readonly name = 'AttemptEnd'
  readonly kind: 'cancelled' | 'stopped' | 'fenced' | 'broken'

  constructor (kind: AttemptEnd['kind'], options?: ErrorOptions) {
    super(`The attempt is ${kind}.`, options)
    this.kind = kind
  }
}

/** Stops a branch of a fork whose result is not wanted any more. */
export class BranchEnd extends Error {
  override readonly name = 'BranchEnd'
}

/** Whether the rest of a run belongs to another attempt, so that this one says nothing more about it. */
export function isSilent (error: unknown): boolean {
  return error instanceof AttemptEnd && error.kind !== 'cancelled'
}
