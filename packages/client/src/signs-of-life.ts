import { isWaitingStatus } from '@runcast/protocol'
import type { Caller } from './caller.ts'
import type { RunStanding } from './deliver.ts'
import { refusal } from './errors.ts'

/** Sends a sign of life of a run. @returns false when the run needs no more */
export type SendSign = (runId: string, signal: AbortSignal) => Promise<boolean>

/** Says that the publisher of runs lives, while it has no events of them. */
export interface SignsOfLife {
  /** Events of a run were stored: its silence begins anew. */
  delivered (runId: string, run: RunStanding | null): void
  /** Ends all signs. */
  stop (): void
}

/** The signs of one run. */
interface Signs {
  timer?: ReturnType<typeof setTimeout>
  /** Ends the last sign if it is still on its way. */
  abort: () => void
  /** True once the service has taken a sign. */
  isHeard: boolean
}

/**
 * Makes signs of life: one at once when a run has begun, then one for each time without events, until the run has ended.
 * A sign that fails is sent again after that time.
 */
export function createSignsOfLife (send: SendSign, intervalMs: number): SignsOfLife {
  const runs = new Map<string, Signs>()

  function wait (runId: string, signs: Signs): void {
    clearTimeout(signs.timer)
    signs.timer = setTimeout(() => sign(runId, signs), intervalMs)
    if (keepsProcess(signs.timer)) signs.timer.unref()
  }

  function sign (runId: string, signs: Signs): void {
    signs.abort()
    const controller = new AbortController()
    signs.abort = () => controller.abort()
    wait(runId, signs)
    send(runId, controller.signal).then((goesOn) => {
      signs.isHeard = true
      if (!goesOn) end(runId)
    }, () => {})
  }

  function end (runId: string): void {
    const signs = runs.get(runId)
    clearTimeout(signs?.timer)
    signs?.abort()
    runs.delete(runId)
  }

  return {
    delivered (runId, run) {
      if (run === null || run.terminal) return end(runId)
      const known = runs.get(runId)
      if (known?.isHeard === true) return wait(runId, known)
      if (known !== undefined || run.status === null || isWaitingStatus(run.status)) return
      const signs = { abort: () => {}, isHeard: false }
      runs.set(runId, signs)
      sign(runId, signs)
    },
    stop () {
      for (const runId of runs.keys()) end(runId)
    }
  }
}

/** Outside of browsers a timer is an object, and keeps its process alive. */
function keepsProcess (timer: unknown): timer is { unref (): void } {
  return typeof timer === 'object'
}

/** Makes a `SendSign` that tells the service. It rejects when the service does not take the sign. */
export function signOverHttp (caller: Caller): SendSign {
  return async (runId, signal) => {
    const response = await caller.send(caller.runUrl(runId, 'alive'), { method: 'POST', headers: {}, signal })
    if (response.ok) return response.headers.get('runcast-run-finished') === null
    const error = await refusal(response)
    if (error.code === 'run_not_found') return false
    throw error
  }
}
