/**
 * Calls back when a page comes back online or into view, the moments when waiting on makes no sense.
 * Outside of a page (Node, workers) it never does.
 *
 * @returns stops listening
 */
export function onWake (callback: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const whenVisible = () => {
    if (document.visibilityState === 'visible') callback()
  }
  window.addEventListener('online', callback)
  document.addEventListener('visibilitychange', whenVisible)
  return () => {
    window.removeEventListener('online', callback)
    document.removeEventListener('visibilitychange', whenVisible)
  }
}
