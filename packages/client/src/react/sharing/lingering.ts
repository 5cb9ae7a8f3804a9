/** A thing that runs while it is used. */
export interface Running {
  start (): void
  stop (): void
  /** Called for a first user, also after a time without users: a refused request should be tried again. */
  retry (): void
}

/** One user's hold of something that runs. */
export interface Use<T> {
  readonly value: T
  /** Ends the use. It must be called once. */
  release (): void
}

/** Long enough for a component that React unmounts and mounts again at once to find the same thing. */
const LINGER_MS = 1_000

/** Shares things by name. A thing is started for its first user and stopped a moment after its last user is gone. */
export class Lingering<T extends Running> {
  readonly #shared = new Map<string, { readonly value: T, users: number }>()

  /** Gives the thing that is shared under a name; undefined if there is none. */
  get (name: string): T | undefined {
    return this.#shared.get(name)?.value
  }

  /** Uses the thing that is shared under a name; makes and starts it if there is none. */
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
