import { useEffect } from 'react'

const PRODUCT = 'Runcast'

/** Names the page in the browser's tab; '' for the product's name alone. */
export function usePageTitle (title: string): void {
  useEffect(() => {
    document.title = title === '' ? PRODUCT : `${title} · ${PRODUCT}`
  }, [title])
}
