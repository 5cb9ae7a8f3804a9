import type { LiveChannels } from '../../../services/pubsub/live-channels.ts'

/** Live channels on which nothing ever arrives. */
export interface DeafChannels {
  readonly channels: LiveChannels
  /** Says that the connection is back. */
  restore (runIds: readonly string[]): void
}

/** Makes channels deaf. */
export function deafChannels (live: LiveChannels): DeafChannels {
  let restored: (runIds: readonly string[]) => void = () => {}
  const channels: LiveChannels = Object.assign(Object.create(live), {
    subscribe: async () => () => {},
    onRestored: (callback: typeof restored) => { restored = callback }
  })
  return { channels, restore: (runIds) => restored(runIds) }
}
