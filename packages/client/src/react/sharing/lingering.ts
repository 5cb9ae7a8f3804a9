/** What runs while it is used. */
export interface Running {
  start (): void
  stop (): void
  /** Somebody uses it again that nobody used any more: a reason to try again what was refused. */
  retry (): void
}

/** One user's hold of something that runs. */
export interface Use<T> {
  readonly value: T
  /** Lets go; done once. */
  release (): void
}

/** Long enough for a component that mounts again at once, as React does, to find everything as it was. */
const LINGER_MS = 1_000

/** Shares by name what is started for its first user, and stopped a moment after its last. */
export class Lingering<T extends Running> {
  readonly #shared = new Map<string, { readonly value: T, users: number }>()

  /** What is shared under a name, if anything. */
  get (name: string): T | undefined {
    return this.#shared.get(name)?.value
  }

  /** Takes what is shared under a name, and makes and starts it if nothing is. */
  use (name: string, make: () => T): Use<T> {
    const shared = this.#shared.get(name) ?? this.#begin(name, make())
    if (shared.users++ === 0) shared.value.retry()
    const release = () => {
      if (--shared.users === 0) setTimeout(() => this.#endUnused(name, shared), LINGER_MS)
    }
    return { value: shared.value, release }
  }

  #begin (name: string, value: T): { readonly value: T, users: number } {
    const shared = { value, users: 0 }
    this.#shared.set(name, shared)
    value.start()
    return shared
  }

  #endUnused (name: string, shared: { readonly value: T, users: number }): void {
    if (shared.users > 0 || this.#shared.get(name) !== shared) return
    this.#shared.delete(name)
    shared.value.stop()
  }
}
