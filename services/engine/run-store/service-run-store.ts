import type { RunStore } from '@runcast/engine'

/** The engine's store in this service. An operation that the store fails rejects with one of the storage errors. */
export interface ServiceRunStore extends RunStore {
  /** Makes the store ready. Repeated calls have no effect. The run log must be open. */
  open (): Promise<void>
  /** Finishes the accepted writes and closes the store. */
  close (): Promise<void>
}
