import { useEffect, useState } from 'react'
import { checkedText } from '../model/connection-state.ts'
import type { Checked } from '../model/reconnect-check.ts'

/** The time for which the outcome of a reconnect is shown, in milliseconds. */
const SAID_FOR_MS = 20_000

/** The outcome of the last reconnect, while it is news; else ''. */
export function useCheckedNote (checked: Checked | null): string {
  const [old, setOld] = useState<Checked | null>(null)
  useEffect(() => {
    if (checked === null) return
    const timer = setTimeout(() => setOld(checked), SAID_FOR_MS)
    return () => clearTimeout(timer)
  }, [checked])
  return checked === null || checked === old ? '' : checkedText(checked)
}
