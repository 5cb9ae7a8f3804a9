import { useEffect } from 'react'
import { usePageTitle } from '../shell/page-title.ts'
import type { TabLook } from './model/tab-look.ts'

/** Gives the browser's tab the title and the icon of a run. The former icon returns when the view goes. */
export function useTabLook ({ title, icon }: TabLook): void {
  usePageTitle(title)
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    if (link === null) return
    const before = link.href
    link.href = icon
    return () => { link.href = before }
  }, [icon])
}
