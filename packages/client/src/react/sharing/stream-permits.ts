import { pause } from '../../pause.ts'
import { acquireFirst, IN_VIEW_LOCK, requestLock, type HeldLock } from './locks.ts'
import type { Channel, Tab } from './tab.ts'

/** The right to one of the origin's streams. */
export interface StreamPermit extends HeldLock {
  /** Aborts when a tab in view needs the permit while this tab is out of view. */
  readonly wanted: AbortSignal
}

interface Wanted {
  readonly slot: string
}

/**
 * The lock behind each permit. Browsers allow six connections to a host over HTTP/1.1, and pages need some to load.
 * Pages of another version use the same names, and count with these.
 */
const PERMIT_LOCKS = [0, 1, 2, 3].map((number) => `runcast-slot-${number}`)

/** The interval at which a tab in view looks for the holders of the permits, in milliseconds. */
const ROUND_MS = 250

/** A holder that has not answered after so many rounds is frozen. */
const PATIENCE_ROUNDS = 4

/** A browser closes a connection a little after the tab has let go of it. */
const CLOSING_MS = 50

/** Limits the streams of an origin: a semaphore of Web Locks that its tabs share, tabs in view first. */
export class StreamPermits {
  readonly #tab: Tab
  readonly #held = new Map<string, AbortController>()
  #users = 0
  #channel: Channel<Wanted> | null = null
  #stopListening: () => void = () => {}
  #presence: Promise<HeldLock | null> | null = null

  constructor (tab: Tab) {
    this.#tab = tab
  }

  /** Shows the other tabs from now on whether this one is in view. Each call needs one of `leave` in the end. */
  join (): void {
    if (++this.#users > 1) return
    this.#channel = this.#tab.openChannel<Wanted>('runcast-slots')
    this.#channel.onMessage(({ slot }) => {
      if (!this.#tab.isInView()) this.#held.get(slot)?.abort()
    })
    this.#stopListening = this.#tab.onViewChange(() => this.#showPresence())
    this.#showPresence()
  }

  leave (): void {
    if (--this.#users > 0) return
    this.#channel?.close()
    this.#stopListening()
    this.#showPresence()
  }

  /**
   * Waits for a permit. A tab in view asks a tab out of view for its permit, and takes it away if that tab is frozen.
   *
   * @returns null when the signal aborts first
   */
  async acquire (signal: AbortSignal): Promise<StreamPermit | null> {
    let asked = ''
    let ignored = 0
    while (!signal.aborted) {
      const candidates = this.#tab.isInView() ? await this.#heldOutOfView() : []
      ignored = candidates.includes(asked) ? ignored + 1 : 0
      if (ignored === 0) asked = this.#ask(candidates)
      const isFrozen = ignored > PATIENCE_ROUNDS
      const lock = isFrozen ? await requestLock(this.#tab.locks, asked, { steal: true }) : await this.#wait(signal)
      if (lock === null) continue
      if (asked !== '') await pause(CLOSING_MS, signal)
      return this.#keep(lock)
    }
    return null
  }

  /**
   * Asks the holder of one of the locks for it. The lock is random, so that several tabs ask several holders.
   *
   * @returns the lock that was asked for; '' without candidates
   */
  #ask (candidates: readonly string[]): string {
    const slot = candidates[Math.floor(Math.random() * candidates.length)] ?? ''
    if (slot !== '') this.#channel?.post({ slot })
    return slot
  }

  /** Waits for a lock until the tab comes into view or goes out of view; in view for one round at most. */
  async #wait (signal: AbortSignal): Promise<HeldLock | null> {
    const over = new AbortController()
    const abort = () => over.abort()
    const stopListening = this.#tab.onViewChange(abort)
    const timer = this.#tab.isInView() ? setTimeout(abort, ROUND_MS) : undefined
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    const lock = await acquireFirst(this.#tab, PERMIT_LOCKS, over.signal)
    stopListening()
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    return lock
  }

  #keep (lock: HeldLock): StreamPermit {
    const wanted = new AbortController()
    this.#held.set(lock.name, wanted)
    const release = () => {
      this.#held.delete(lock.name)
      lock.release()
    }
    return { ...lock, wanted: wanted.signal, release }
  }

  /** The locks whose holders are out of view; none as long as a lock is free. */
  async #heldOutOfView (): Promise<string[]> {
    const { held = [] } = await this.#tab.locks.query()
    const inView = new Set(held.filter(({ name }) => name === IN_VIEW_LOCK).map(({ clientId }) => clientId))
    const taken = held.filter(({ name = '' }) => PERMIT_LOCKS.includes(name))
    if (taken.length < PERMIT_LOCKS.length) return []
    return taken.filter(({ clientId }) => !inView.has(clientId)).map(({ name = '' }) => name)
  }

  #showPresence (): void {
    const isPresent = this.#users > 0 && this.#tab.isInView()
    if (isPresent === (this.#presence !== null)) return
    if (isPresent) {
      this.#presence = requestLock(this.#tab.locks, IN_VIEW_LOCK, { mode: 'shared' })
    } else {
      this.#presence?.then((lock) => lock?.release())
      this.#presence = null
    }
  }
}
