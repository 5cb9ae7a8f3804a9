/**
 * Where a person goes after signing in.
 *
 * @param wanted what the `next` parameter of the login page says, if anything
 * @returns a path of this origin: anything else is not followed
 */
export function returnPath (wanted: string | null): string {
  if (wanted === null || !/^\/(?![/\\])/.test(wanted) || /[\t\r\n]/.test(wanted)) return '/'
  return /^\/login(?:[/?#]|$)/.test(wanted) ? '/' : wanted
}
