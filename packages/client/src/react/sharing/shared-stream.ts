import { acquireFirst, requestLock, type HeldLock } from './locks.ts'
import type { StreamPermits } from './stream-permits.ts'
import type { Channel, Tab } from './tab.ts'

/** A tab's side of a shared stream. Messages are structured clones in the other tabs. */
export interface StreamRole<Message> {
  /** Called when this tab begins to lead, before it has a connection. */
  elected (): void
  /** True if the stream has ended for good, so that no tab needs to follow it. */
  isOver (): boolean
  /** True while the service lets the leader follow. */
  isLive (): boolean
  /**
   * Follows the service for all tabs and passes its messages on, until the stream ends, the service refuses or the
   * signal aborts. The connection is closed before the promise resolves.
   *
   * @returns true after a refusal
   */
  lead (signal: AbortSignal): Promise<boolean>
  /** Gives the leader's first message to a tab that joins. */
  welcome (): Message
  /** Receives a message of the leader, which may be this tab. */
  hear (message: Message): void
  /** Called when the leader has been silent for too long and this tab takes over. */
  missLeader (): void
}

type Envelope<Message> =
  | { readonly kind: 'join', readonly tab: string }
  | { readonly kind: 'welcome', readonly tab: string, readonly message: Message }
  /** Asks for a sign of life from the leader. Only tabs in view ask. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'alive' }
  | { readonly kind: 'say', readonly message: Message }

export interface SharedStreamOptions<Message> {
  readonly tab: Tab
  readonly permits: StreamPermits
  /** Names the stream within the origin, and the shape of its messages: pages of another version may be open. */
  readonly name: string
  readonly role: StreamRole<Message>
  /** The interval between questions of a tab in view to the leader, in milliseconds. After three without answer it takes over. */
  readonly heartbeatMs: number
}

const MISSED_HEARTBEATS = 3

/**
 * One tab's part in a stream that the tabs of an origin share. One tab leads: it holds the stream's lock and one of the
 * origin's permits, follows the service and passes its messages on. When it closes, or gives its permit to a tab in
 * view, another tab leads.
 */
export class SharedStream<Message> {
  readonly #options: SharedStreamOptions<Message>
  readonly #stop = new AbortController()
  readonly #tabName = Math.random().toString(36).slice(2)
  #channel: Channel<Envelope<Message>> | null = null
  #leadership: HeldLock | null = null
  #heardAt = 0
  /** Ends the present wait: for the leadership, or for a reason to try again. */
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

  /** Tries again after a refusal. */
  retry (): void {
    if (this.#waitsForReason) this.#wait.abort()
  }

  /** Passes a message to all tabs if this one leads, otherwise to this one only. */
  say (message: Message): void {
    if (this.#leads()) this.#channel?.post({ kind: 'say', message })
    this.#options.role.hear(message)
  }

  /** Asks the leader for the state of the stream. */
  #join (): void {
    if (!this.#stop.signal.aborted) this.#channel?.post({ kind: 'join', tab: this.#tabName })
  }

  /** False after the leadership was taken away, even if this tab was frozen then and has not noticed. */
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
        // Another tab that claims to lead was frozen, and has not noticed that it was replaced.
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

  /** @returns true after a refusal of the service */
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
    // The stream is over, but tabs that join need an answer.
    await aborted(signal)
    return false
  }

  /** Waits after a refusal, until the person comes back to the tab or the stream, or another tab is let in. */
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

  /** Ends the wait of a leader out of view for a permit: a tab in view gets one sooner, and should lead. */
  #makeWay (): void {
    if (!this.#options.tab.isInView()) this.#permitWait.abort()
  }

  /** Takes over from a silent leader. Only tabs in view do so, since timers run late out of view. */
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
