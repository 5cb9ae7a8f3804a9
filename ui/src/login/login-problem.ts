import { ApiError } from '../api/api-error.ts'

const TEXTS: Readonly<Record<string, string>> = {
  login_code_invalid: 'This login link was used already, or is older than 10 minutes. Run “npx runcast login” for a new one, or paste a token.',
  token_invalid: 'This is not a valid token of this service.',
  token_expired: 'This token has expired. Ask for a new one.',
  session_too_large: 'This token is too large for a browser session. Ask for one with fewer run_ids.',
  unreachable: 'The service does not answer. Is it running?'
}

/** Explains to people why signing in failed. */
export function loginProblem (error: unknown): string {
  if (!(error instanceof ApiError)) return `Signing in failed: ${error instanceof Error ? error.message : String(error)}`
  return TEXTS[error.code] ?? `The service refused this: ${error.message}`
}

/** Reads the login code from the fragment of an address, as `runcast login` prints it; null without one. */
export function loginCode (hash: string): string | null {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('code')
  return code === '' ? null : code
}
