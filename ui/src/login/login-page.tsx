/** Turns a login code or a pasted token into a session. */
export function LoginPage () {
  return <h1>Sign in</h1>
}
