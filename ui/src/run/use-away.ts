import type { Connection } from '@runcast/client/react'
import { useEffect, useState } from 'react'
import { isCutOff } from './model/connection-state.ts'

/** The time that a connection may take to open before the page counts as old, in milliseconds. */
const OPENING_MS = 2_000

/** Tells whether the page may be old: it is cut off, or, as a tab in the background, not connected yet. */
export function useAway (connection: Connection, isOver: boolean): boolean {
  const [isLate, setLate] = useState(false)
  const isOpening = connection === 'connecting'
  useEffect(() => {
    if (!isOpening) return
    const timer = setTimeout(() => setLate(true), OPENING_MS)
    return () => {
      clearTimeout(timer)
      setLate(false)
    }
  }, [isOpening])
  return isCutOff(connection) || (isOpening && isLate && !isOver)
}
