import { pause } from '../../pause.ts'
import { acquireFirst, IN_VIEW_LOCK, requestLock, type HeldLock } from './locks.ts'
import type { Channel, Tab } from './tab.ts'

/** A place among the streams of the origin. */
export interface Slot extends HeldLock {
  /** Aborts when a tab in view needs the slot while this one is out of view. */
  readonly wanted: AbortSignal
}

interface Wanted {
  readonly slot: string
}

/** Browsers allow six connections to a host over HTTP/1.1, and loading pages needs some too. */
const SLOTS = [0, 1, 2, 3].map((number) => `runcast-slot-${number}`)

/** How often a tab in view looks who has the slots, in milliseconds, and how many times a tab may ignore that it is asked. */
const ROUND_MS = 250
const PATIENCE_ROUNDS = 4

/** A browser closes a connection a little after the tab has let go of it. */
const CLOSING_MS = 50

/** The streams that an origin may have at once, as one of its tabs sees them. */
export class Slots {
  readonly #tab: Tab
  readonly #held = new Map<string, AbortController>()
  #users = 0
  #channel: Channel<Wanted> | null = null
  #stopListening: () => void = () => {}
  #presence: Promise<HeldLock | null> | null = null

  constructor (tab: Tab) {
    this.#tab = tab
  }

  /** Shows the other tabs from now on whether this one is in view. Every call is followed by one of `leave`. */
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
   * Waits for a slot. A tab in view asks one out of view to give up its own, and takes it if that is frozen.
   *
   * @returns null when the signal aborts first
   */
  async take (signal: AbortSignal): Promise<Slot | null> {
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

  /** Asks for one of the slots, if there are any, and says for which. Any will do, so that several tabs ask for several. */
  #ask (candidates: readonly string[]): string {
    const slot = candidates[Math.floor(Math.random() * candidates.length)] ?? ''
    if (slot !== '') this.#channel?.post({ slot })
    return slot
  }

  /** Waits for a slot until the tab comes into view or goes out of it, and in view not for long. */
  async #wait (signal: AbortSignal): Promise<HeldLock | null> {
    const over = new AbortController()
    const abort = () => over.abort()
    const stopListening = this.#tab.onViewChange(abort)
    const timer = this.#tab.isInView() ? setTimeout(abort, ROUND_MS) : undefined
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    const lock = await acquireFirst(this.#tab, SLOTS, over.signal)
    stopListening()
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    return lock
  }

  #keep (lock: HeldLock): Slot {
    const wanted = new AbortController()
    this.#held.set(lock.name, wanted)
    const release = () => {
      this.#held.delete(lock.name)
      lock.release()
    }
    return { ...lock, wanted: wanted.signal, release }
  }

  /** The slots whose holders are out of view; none as long as there is a free one. */
  async #heldOutOfView (): Promise<string[]> {
    const { held = [] } = await this.#tab.locks.query()
    const inView = new Set(held.filter(({ name }) => name === IN_VIEW_LOCK).map(({ clientId }) => clientId))
    const taken = held.filter(({ name = '' }) => SLOTS.includes(name))
    if (taken.length < SLOTS.length) return []
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
