import { acquireFirst, requestLock, type HeldLock } from './locks.ts'
import type { StreamPermits } from './stream-permits.ts'
import type { Channel, Tab } from './tab.ts'

/** What a tab does for a stream that it shares. Messages are structured clones in the other tabs. */
export interface StreamRole<Message> {
  /** This tab leads from now on; it has no connection yet. */
  elected (): void
  /** Whether the stream has ended for good, so that nobody needs to follow it. */
  isOver (): boolean
  /** Whether the service lets the leader follow. */
  isLive (): boolean
  /**
   * Follows the service on behalf of all tabs and tells them what comes, until the stream ends, the service refuses
   * or the signal aborts; by then the connection is closed.
   *
   * @returns whether the service refused
   */
  lead (signal: AbortSignal): Promise<boolean>
  /** What a tab that joins has to be told by the leader. */
  welcome (): Message
  /** Takes in what the leader says, this tab itself or another. */
  hear (message: Message): void
  /** The leader has been silent for too long; this tab takes over. */
  missLeader (): void
}

type Envelope<Message> =
  | { readonly kind: 'join', readonly tab: string }
  | { readonly kind: 'welcome', readonly tab: string, readonly message: Message }
  /** Only tabs in view ask. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'say', readonly message: Message }

export interface SharedStreamOptions<Message> {
  readonly tab: Tab
  readonly permits: StreamPermits
  /** Names the stream among all of the origin, and the shape of its messages: a newer page may speak otherwise. */
  readonly name: string
  readonly role: StreamRole<Message>
  /** How often a tab in view looks whether the leader answers, in milliseconds; three times without an answer, and it takes over. */
  readonly heartbeatMs: number
}

const MISSED_HEARTBEATS = 3

/**
 * One tab's part in a stream that the tabs of an origin share. One of them leads: it holds the stream's lock and one
 * of the origin's permits, follows the service and says what comes. When it is closed, or gives its permit to a tab in
 * view, another one leads.
 */
export class SharedStream<Message> {
  readonly #options: SharedStreamOptions<Message>
  readonly #stop = new AbortController()
  readonly #tabName = Math.random().toString(36).slice(2)
  #channel: Channel<Envelope<Message>> | null = null
  #leadership: HeldLock | null = null
  #heardAt = 0
  /** Ends the present wait for the leadership, or for a reason to try again. */
  #wait = new AbortController()
  #waitsForReason = false
  /** Ends the present wait for a permit, and the leadership with it. */
  #permitWait = new AbortController()
  #takesOver = false

  constructor (options: SharedStreamOptions<Message>) {
    this.#options = options
  }

  /** Takes part until `stop`. Called once. */
  start (): void {
    const { tab, permits, name, heartbeatMs } = this.#options
    permits.join()
    const channel = tab.openChannel<Envelope<Message>>(name)
    this.#channel = channel
    channel.onMessage((envelope) => this.#receive(envelope))
    this.#heardAt = Date.now()
    const timer = setInterval(() => this.#watchLeader(), heartbeatMs)
    const stopListening = tab.onViewChange(() => this.#viewChanged())
    this.#stop.signal.addEventListener('abort', () => {
      clearInterval(timer)
      stopListening()
      channel.close()
      this.#wait.abort()
    })
    this.#run().finally(() => permits.leave())
    this.#join()
    if (tab.isInView()) channel.post({ kind: 'ask' })
  }

  stop (): void {
    this.#stop.abort()
  }

  /** After a refusal, tries again. */
  retry (): void {
    if (this.#waitsForReason) this.#wait.abort()
  }

  /** Says something to all tabs, this one included; to this one only if it does not lead. */
  say (message: Message): void {
    if (this.#leads()) this.#channel?.post({ kind: 'say', message })
    this.#options.role.hear(message)
  }

  /** Asks whoever leads how the stream is. */
  #join (): void {
    if (!this.#stop.signal.aborted) this.#channel?.post({ kind: 'join', tab: this.#tabName })
  }

  /** Not any more after the leadership was taken away, even if this tab was frozen then and has not noticed. */
  #leads (): boolean {
    return this.#leadership?.lost.aborted === false && !this.#stop.signal.aborted
  }

  #receive (envelope: Envelope<Message>): void {
    const { role } = this.#options
    switch (envelope.kind) {
      case 'join':
        if (this.#leads()) this.#channel?.post({ kind: 'welcome', tab: envelope.tab, message: role.welcome() })
        break
      case 'ask':
        if (this.#leads()) this.#channel?.post({ kind: 'alive' })
        this.#makeWay()
        break
      default:
        // Nobody else leads, even if a tab that was frozen has not noticed yet.
        if (this.#leads()) return
        this.#heardAt = Date.now()
        if (envelope.kind === 'say' || (envelope.kind === 'welcome' && envelope.tab === this.#tabName)) role.hear(envelope.message)
        if (role.isLive()) this.retry()
    }
  }

  async #run (): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const leadership = await this.#awaitLeadership()
      if (leadership === null) continue
      this.#leadership = leadership
      this.#takesOver = false
      const refused = await this.#lead(AbortSignal.any([this.#stop.signal, leadership.lost]))
      this.#leadership = null
      leadership.release()
      this.#join()
      if (refused) await this.#awaitReason()
    }
  }

  #awaitLeadership (): Promise<HeldLock | null> {
    const { tab, name } = this.#options
    this.#wait = new AbortController()
    if (!this.#takesOver) return acquireFirst(tab, [name], AbortSignal.any([this.#stop.signal, this.#wait.signal]))
    return requestLock(tab.locks, name, { steal: true })
  }

  /** @returns whether the service refused */
  async #lead (signal: AbortSignal): Promise<boolean> {
    const { permits, role } = this.#options
    role.elected()
    if (!role.isOver()) {
      this.#permitWait = new AbortController()
      const permit = await permits.acquire(AbortSignal.any([signal, this.#permitWait.signal]))
      if (permit === null) return false
      const refused = await role.lead(AbortSignal.any([signal, permit.lost, permit.wanted]))
      permit.release()
      if (refused || !role.isOver()) return refused
    }
    // There is nothing more to follow, but somebody has to tell those who join.
    await aborted(signal)
    return false
  }

  /** After a refusal: until the person comes back to the tab or to this stream, who may have signed in, or another tab is let in. */
  async #awaitReason (): Promise<void> {
    this.#wait = new AbortController()
    this.#waitsForReason = true
    await aborted(this.#wait.signal)
    this.#waitsForReason = false
  }

  #viewChanged (): void {
    this.#makeWay()
    if (!this.#options.tab.isInView() || this.#leads()) return
    this.#heardAt = Date.now()
    this.#channel?.post({ kind: 'ask' })
    this.retry()
  }

  /** A leader out of view that has no permit would keep a tab in view, which gets one sooner, from leading. */
  #makeWay (): void {
    if (!this.#options.tab.isInView()) this.#permitWait.abort()
  }

  /** Timers of a tab out of view are not to be trusted, so only those in view do this. */
  #watchLeader (): void {
    const { tab, role, heartbeatMs } = this.#options
    if (this.#leads() || !tab.isInView() || role.isOver() || this.#waitsForReason) {
      this.#heardAt = Date.now()
    } else if (Date.now() - this.#heardAt < MISSED_HEARTBEATS * heartbeatMs) {
      this.#channel?.post({ kind: 'ask' })
    } else {
      this.#heardAt = Date.now()
      role.missLeader()
      this.#takesOver = true
      this.#wait.abort()
    }
  }
}

function aborted (signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve())
    if (signal.aborted) resolve()
  })
}
