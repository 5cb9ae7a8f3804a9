import type { Session } from '../api/types.ts'
import { useSession } from './session-context.ts'

/** Tells whether the session may start, cancel and repeat runs of workflows. */
export function useMayRun (): boolean {
  const { state } = useSession()
  return state.kind === 'signed-in' && mayRun(state.session)
}

function mayRun ({ scopes }: Session): boolean {
  return scopes.includes('workflows:run') || scopes.includes('runs:admin')
}
