import type { PublishLive } from '../run-log/live-message.ts'
import type { ChangeListener, LiveChannels, LiveListener } from './live-channels.ts'
import { Subscription } from './subscription.ts'

/** Live channels within one process, together with their publishing side. */
export interface InProcessChannels extends LiveChannels {
  /** Calls every listener of the run and of its tenant before it returns. Never throws. */
  readonly publish: PublishLive
}

/** Makes live channels for a run log in the same process. No message is ever missed on them. */
export function createInProcessChannels (): InProcessChannels {
  const runs = new Map<string, Subscription<LiveListener>>()
  const tenants = new Map<string, Subscription<ChangeListener>>()
  let open = true

  function join<Listener> (subscriptions: Map<string, Subscription<Listener>>, name: string, listener: Listener): () => void {
    const subscription = subscriptions.get(name) ?? new Subscription<Listener>(name)
    subscriptions.set(name, subscription)
    const remove = subscription.add(listener)
    return () => {
      if (remove() && subscription.isIdle && subscriptions.get(name) === subscription) subscriptions.delete(name)
    }
  }

  return {
    publish (runId, tenant, message) {
      if (message !== null) runs.get(runId)?.forEach((listener) => listener(message), warn)
      tenants.get(tenant)?.forEach((listener) => listener.changed(runId), warn)
    },

    subscribe: async (runId, listener) => join(runs, runId, listener),

    subscribeChanges: async (tenant, listener) => join(tenants, tenant, listener),

    onRestored () {},

    isConnected: () => open,

    async close () {
      open = false
      runs.clear()
      tenants.clear()
    }
  }
}

/** Keeps a listener's error from the publisher and from other listeners. */
function warn (error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
