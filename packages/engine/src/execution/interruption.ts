const MESSAGES = {
  cancelled: 'The run was cancelled.',
  stopped: 'This process stops executing the run.',
  fenced: 'Another process has claimed the run.',
  broken: 'The store of the runs fails.'
} as const

/**
 * Interrupts the execution of a run from outside: its tasks stop where they are, and no `try` catches it.
 *
 * `cancelled`: somebody asked for the end of the run. `stopped`: this process closes, and another one goes on. `fenced`:
 * another process has claimed the run. `broken`: the store fails; the process that claims the run next goes on.
 */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  readonly kind: keyof typeof MESSAGES

  constructor (kind: Interruption['kind'], options?: ErrorOptions) {
    super(MESSAGES[kind], options)
    this.kind = kind
  }
}

/** Stops work whose result is not needed: a branch of a fork that is decided, or a process that no task awaits. */
export class NotNeededError extends Error {
  override readonly name = 'NotNeededError'
}

/** Tells whether the rest of a run is left to another process, so that this one publishes nothing more about it. */
export function isHandedOver (error: unknown): boolean {
  return error instanceof Interruption && error.kind !== 'cancelled'
}
