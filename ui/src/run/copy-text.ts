/** Puts a text on the clipboard; where the browser has none, as on a page over plain http, nothing happens. */
export async function copyText (text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
