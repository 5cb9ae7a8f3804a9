import type { RunStore } from '@runcast/engine'

/** The engine's store as the service has it. Every operation rejects with one of the storage errors when the store fails it. */
export interface ServiceRunStore extends RunStore {
  /** Makes it ready, once however often it is called. The run log must be open. */
  open (): Promise<void>
  /** Finishes what was accepted and lets go. */
  close (): Promise<void>
}
