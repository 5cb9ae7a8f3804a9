import type { LiveMessage } from '../run-log/live-message.ts'

/** Called with every message of one run, in the order of arrival. Must not throw. */
export type LiveListener = (message: LiveMessage) => void

/** Who wants to know which runs of a tenant change. Its functions must not throw. */
export interface ChangeListener {
  /** A run has changed, a moment ago. Only a hint: it may come more than once, and for nothing. */
  changed (runId: string): void
  /** Hints may have been missed before now. */
  missed (): void
}

/** The live channels of runs: at most once, so whoever listens checks `prev` and repairs from the run log. */
export interface LiveChannels {
  /**
   * Listens to a run. Several listeners of one run share one subscription.
   *
   * @returns once the subscription is acknowledged, a function that ends it
   * @throws RunLogError `unavailable` when it can't be acknowledged in time
   */
  subscribe (runId: string, listener: LiveListener): Promise<() => void>

  /**
   * Listens to the changes of all runs of a tenant, '' for those without one. Several listeners of one tenant share
   * one subscription.
   *
   * @returns once the subscription is acknowledged, a function that ends it
   * @throws RunLogError `unavailable` when it can't be acknowledged in time
   */
  subscribeChanges (tenant: string, listener: ChangeListener): Promise<() => void>

  /**
   * Calls back whenever messages may have been missed: a connection came back and its subscriptions are
   * acknowledged again. The callback gets the runs concerned.
   */
  onRestored (callback: (runIds: readonly string[]) => void): void

  /** Whether messages can be expected now. */
  isConnected (): boolean

  close (): Promise<void>
}
