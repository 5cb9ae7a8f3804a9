import type { Access } from '../auth/access.ts'

/** The runs of a tenant that a client may see. Clients with equal views get the same bytes. */
export interface View {
  /** Equal for equal views. */
  readonly key: string
  allows (runId: string): boolean
}

/** Makes the view of a request's access. */
export function viewOf (access: Pick<Access, 'runIds' | 'allows'>): View {
  return { key: access.runIds === null ? 'all' : JSON.stringify(access.runIds), allows: (runId) => access.allows(runId) }
}
