import type { Access } from '../auth/access.ts'

/** Which of a tenant's runs someone may see. Whoever has the same view gets the same bytes. */
export interface View {
  /** Equal for equal views. */
  readonly key: string
  allows (runId: string): boolean
}

/** The view that a token gives. */
export function viewOf (access: Pick<Access, 'runIds' | 'allows'>): View {
  return { key: access.runIds === null ? 'all' : JSON.stringify(access.runIds), allows: (runId) => access.allows(runId) }
}
