import { useEffect, useState } from 'react'
import { checkedText } from '../model/connection-state.ts'
import type { Checked } from '../model/reconnect-check.ts'

/** How long it is said what a reconnect has found, in milliseconds. */
const SAID_FOR_MS = 20_000

/** What the last reconnect has found, for as long as it is news; else ''. */
export function useCheckedNote (checked: Checked | null): string {
  const [old, setOld] = useState<Checked | null>(null)
  useEffect(() => {
    if (checked === null) return
    const timer = setTimeout(() => setOld(checked), SAID_FOR_MS)
    return () => clearTimeout(timer)
  }, [checked])
  return checked === null || checked === old ? '' : checkedText(checked)
}
