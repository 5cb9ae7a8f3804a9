import type { LiveChannels, LiveListener, LiveMessage } from './live-channels.ts'

/** Live channels within one process, and the side that the run log speaks on. */
export interface InProcessChannels extends LiveChannels {
  /** Gives a message to everyone who listens to the run now. Never throws. */
  publish (runId: string, message: LiveMessage): void
}

/** Makes live channels for a run log in the same process: nothing is ever missed, so `onRestored` never calls back. */
export function createInProcessChannels (): InProcessChannels {
  const listeners = new Map<string, Set<LiveListener>>()
  let open = true

  return {
    publish (runId, message) {
      for (const listener of listeners.get(runId) ?? []) {
        try {
          listener(message)
        } catch (error) {
          // A listener's fault is neither the publisher's nor another listener's.
          process.emitWarning(error instanceof Error ? error : String(error))
        }
      }
    },

    async subscribe (runId, listener) {
      // One function may listen twice, each time on its own.
      const own: LiveListener = (message) => listener(message)
      const ofRun = listeners.get(runId) ?? new Set()
      listeners.set(runId, ofRun.add(own))
      return () => {
        ofRun.delete(own)
        if (ofRun.size === 0 && listeners.get(runId) === ofRun) listeners.delete(runId)
      }
    },

    onRestored () {},

    isConnected: () => open,

    async close () {
      open = false
      listeners.clear()
    }
  }
}
