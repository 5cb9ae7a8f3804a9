import type { LiveMessage } from '../run-log/live-message.ts'

/** Called with every message of one run, in the order of arrival. Must not throw. */
export type LiveListener = (message: LiveMessage) => void

/** Listens to the changes of all runs of a tenant. Its functions must not throw. */
export interface ChangeListener {
  /** A run has probably changed. The hint may come more than once, or without a change. */
  changed (runId: string): void
  /** Hints may have been missed before now. */
  missed (): void
}

/** The live channels of runs. They deliver at most once, so a listener checks `prev` and repairs from the run log. */
export interface LiveChannels {
  /**
   * Listens to a run. Several listeners of one run share one subscription.
   *
   * @returns once the subscription is acknowledged, a function that ends it
   * @throws UnavailableError when it is not acknowledged in time
   */
  subscribe (runId: string, listener: LiveListener): Promise<() => void>

  /**
   * Listens to the changes of all runs of a tenant, '' for those without one. Several listeners of one tenant share
   * one subscription.
   *
   * @returns once the subscription is acknowledged, a function that ends it
   * @throws UnavailableError when it is not acknowledged in time
   */
  subscribeChanges (tenant: string, listener: ChangeListener): Promise<() => void>

  /**
   * Calls back after messages may have been missed: a connection came back, and its subscriptions are acknowledged
   * again. The callback gets the ids of these runs.
   */
  onRestored (callback: (runIds: readonly string[]) => void): void

  /** @returns whether messages arrive at present */
  isConnected (): boolean

  close (): Promise<void>
}
