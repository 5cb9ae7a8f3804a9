import { useCallback, useEffect, useState } from 'react'
import { ApiError } from './api-error.ts'

/** A value that is read from the service. */
export interface Loaded<T> {
  /** null until it is there. */
  readonly value: T | null
  readonly problem: ApiError | null
  /** Reads it again. */
  reload (): void
}

/** Reads a value from the service when the component appears. @param read another function reads anew */
export function useLoaded<T> (read: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T | null>(null)
  const [problem, setProblem] = useState<ApiError | null>(null)
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const leaving = new AbortController()
    read(leaving.signal).then((found) => {
      setValue(found)
      setProblem(null)
    }).catch((error: unknown) => {
      if (leaving.signal.aborted) return
      setProblem(error instanceof ApiError ? error : new ApiError(0, 'unreadable', 'The answer of the service can not be read.'))
    })
    return () => leaving.abort()
  }, [read, attempt])
  return { value, problem, reload: useCallback(() => setAttempt((count) => count + 1), []) }
}
