import { useState } from 'react'
import { useNavigate } from 'react-router'
import { ApiError, type Fault } from '../api/api-error.ts'
import { startRun } from '../api/workflows.ts'
import { runPath } from '../shell/links.ts'
import { faultsOf, placeFaults } from './input-faults.ts'
import { fieldsOf, type ReadInput } from './input-fields.ts'

export interface Start {
  /** Checks the input, starts a run, and goes to it. */
  start (workflow: { readonly workflow: string, readonly version: string }, input: ReadInput): Promise<void>
  readonly isStarting: boolean
  /** Faults of the input, by the path of their field. */
  readonly faults: Readonly<Record<string, string>>
  /** Any other problem; null without one. */
  readonly problem: string | null
}

/** Changes a fault's path in the request to its path in the input. */
function inInput ({ path, message }: Fault): Fault {
  return { path: path.replace(/^\/input(?=\/|$)/, ''), message }
}

/** Starts runs of a workflow. @param schema checks the input first; the service has the last word */
export function useStart (schema: unknown): Start {
  const navigate = useNavigate()
  const [isStarting, setStarting] = useState(false)
  const [faults, setFaults] = useState<Start['faults']>({})
  const [problem, setProblem] = useState<string | null>(null)

  const refuse = (found: readonly Fault[], message: string | null) => {
    const { fields, rest } = placeFaults(fieldsOf(schema), found)
    setFaults(fields)
    setProblem(message === null || rest === null ? message ?? rest : `${message} ${rest}`)
  }
  return {
    isStarting,
    faults,
    problem,
    async start (workflow, { value: input = {}, faults: unread }) {
      const found = Object.keys(unread).length > 0 ? Object.entries(unread).map(([path, message]) => ({ path, message })) : faultsOf(schema, input)
      refuse(found, null)
      if (found.length > 0) return
      setStarting(true)
      try {
        const { run_id: runId } = await startRun({ ...workflow, input: JSON.parse(JSON.stringify(input)) })
        navigate(runPath(runId))
      } catch (error) {
        if (error instanceof ApiError) refuse(error.faults.map(inInput), error.message)
        else throw error
      } finally {
        setStarting(false)
      }
    }
  }
}
