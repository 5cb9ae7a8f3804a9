/**
 * The page to open after signing in.
 *
 * @param wanted the `next` parameter of the login page, if there is one
 * @returns a path of this origin; `/` in place of anything else
 */
export function returnPath (wanted: string | null): string {
  if (wanted === null || !/^\/(?![/\\])/.test(wanted) || /[\t\r\n]/.test(wanted)) return '/'
  return /^\/login(?:[/?#]|$)/.test(wanted) ? '/' : wanted
}
