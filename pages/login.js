/* global document, location, history, fetch */

const form = document.getElementById('form')
const input = document.getElementById('token')
const state = document.getElementById('state')

const MESSAGES = {
  login_code_invalid: 'This login link was used already, or is older than 10 minutes. Run “npx runcast login” for a new one, or paste a token.',
  token_invalid: 'This is not a valid token of this service.',
  token_expired: 'This token has expired. Ask for a new one.',
  session_too_large: 'This token is too large for a browser session. Ask for one with fewer run_ids.'
}

form.addEventListener('submit', (event) => {
  event.preventDefault()
  const token = input.value.trim()
  input.value = ''
  if (token !== '') signIn({ token })
})

const code = new URLSearchParams(location.hash.slice(1)).get('code')
if (code !== null) {
  // A code is good once: it must not stay in the address bar or in the history.
  history.replaceState(null, '', location.pathname)
  signIn({ code })
}

async function signIn (credentials) {
  form.hidden = true
  say('Signing in …')
  const fault = await post(credentials)
  if (fault === null) {
    location.replace('/')
    return
  }
  say(fault, 'error')
  form.hidden = false
  input.focus()
}

/** Gives null when the session has begun, else what went wrong, for people. */
async function post (credentials) {
  try {
    const response = await fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(credentials)
    })
    if (response.ok) return null
    const problem = await response.json().catch(() => ({}))
    return MESSAGES[problem.code] ?? `The service refused this: ${problem.detail ?? problem.title ?? `status ${response.status}`}`
  } catch {
    return 'The service does not answer. Is it running?'
  }
}

function say (message, kind = '') {
  state.textContent = message
  state.className = kind
  state.hidden = false
}
