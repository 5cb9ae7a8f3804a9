/**
 * Calls back when a page comes back online or into view: a wait should end then. Outside of a page (Node, workers) it
 * never calls back.
 *
 * @returns a function that stops listening
 */
export function onWake (callback: () => void): () => void {
  if (typeof document === 'undefined') return () => {}
  const listening = new AbortController()
  const whenVisible = () => {
    if (document.visibilityState === 'visible') callback()
  }
  window.addEventListener('online', callback, listening)
  document.addEventListener('visibilitychange', whenVisible, listening)
  return () => listening.abort()
}
