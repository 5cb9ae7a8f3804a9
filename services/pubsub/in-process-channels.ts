import type { PublishLive } from '../run-log/live-message.ts'
import type { ChangeListener, LiveChannels, LiveListener } from './live-channels.ts'
import { Subscription } from './subscription.ts'

/** Live channels within one process, and the side that the run log speaks on. */
export interface InProcessChannels extends LiveChannels {
  /** Calls every listener of the run and of its tenant before it returns. Never throws. */
  readonly publish: PublishLive
}

/** Makes live channels for a run log in the same process: nothing is ever missed, so nobody is told that something was. */
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
      runs.get(runId)?.forEach((listener) => listener(message), warn)
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

/** A listener's fault is neither the publisher's nor another listener's. */
function warn (error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error))
}
