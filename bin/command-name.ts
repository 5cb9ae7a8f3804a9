import { basename } from 'node:path'

const MASK = '***'

/** Parts of names whose value is a secret: of options, variables, headers and fields. */
const SECRET_PARTS = new Set((
  'token secret secrets password passwd passwort passphrase passcode pass pwd pw passin passout pat key apikey accesskey secretkey privatekey ' +
  'credential credentials cred creds auth authorization bearer cookie session jwt sig signature otp pin dsn webhook apitoken authtoken accesstoken pgpassword'
).split(' '))
/** Programs that take a password with `-p`; also as `docker login` and its like. */
const PASSWORD_OPTION_PROGRAMS = /^(mysql|mariadb|sshpass|7z|7za|7zr|zip|unzip|unrar|rar|mongo|mongosh|mongodump|mongorestore|ldap|net|sqlcmd|redis-cli|smbclient|login$)/
/** A word of a shell text: quoted parts and others, joined. */
const SHELL_WORD = /(?:'[^']*'?|"(?:\\.|[^"\\])*"?|\\.|[^\s'"\\])+/gs
const KNOWN_TOKEN = /(?<![A-Za-z0-9])(sk-|rk_|pk_|sk_|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|npm_|hf_|pypi-|dop_v1_|AKIA|ASIA|AIza|ya29\.|eyJ)[A-Za-z0-9._-]{8,}/g
const NAMED_VALUE = /([\w.-]+)(["']?\s*[:=]\s*)("(?:\\.|[^"\\])*"?|'[^']*'?|[^\s"'&;,]+)/g

/**
 * Makes the name of a run from its command. Each thing that looks like a secret is replaced by `***`: too much rather
 * than too little, since everybody who sees the list of runs reads it.
 */
export function commandName (command: readonly string[]): string {
  return masked(command).join(' ')
}

function masked (words: readonly string[]): string[] {
  const safe: string[] = []
  let takesPassword = false
  let isValueOf: string | null = null
  for (const word of words) {
    const plain = unquoted(word)
    takesPassword ||= PASSWORD_OPTION_PROGRAMS.test(basename(plain))
    if (isValueOf !== null && (!plain.startsWith('-') || SHORT_SECRETS.has(isValueOf))) safe.push(valueOf(isValueOf, word))
    else safe.push(maskedWord(word, takesPassword))
    isValueOf = isValueOf === null && isOptionWithSecret(plain, takesPassword) ? plain : null
  }
  return safe
}

const USER_OPTIONS = new Set(['-u', '-U', '--user', '--proxy-user', '--login'])
const SHORT_SECRETS = new Set(['-p', '-P', '-a', '-w'])

/** Tells if the next word is the value of this one, and is or has a secret. */
function isOptionWithSecret (word: string, takesPassword: boolean): boolean {
  if (USER_OPTIONS.has(word)) return true
  if (SHORT_SECRETS.has(word)) return takesPassword
  return /^-{1,2}[A-Za-z]/.test(word) && !/[=:]/.test(word) && isSecretName(word)
}

function valueOf (option: string, word: string): string {
  return USER_OPTIONS.has(option) ? maskedUser(word) : MASK
}

/** Keeps the user of `user:password`. */
function maskedUser (word: string): string {
  const end = word.search(/[:%]/)
  return end === -1 ? maskedText(word) : `${word.slice(0, end + 1)}${MASK}`
}

function maskedWord (word: string, takesPassword: boolean): string {
  if ((takesPassword && /^-[pPaw]./.test(word)) || seemsPassword(word)) return `${word.slice(0, 2)}${MASK}`
  if (/^(-[uU]|--(proxy-)?user=)[^\s:]*:./.test(word)) return maskedUser(word)
  const option = /^--?([\w.-]+)=/.exec(word)
  if (option !== null && isSecretName(option[1] ?? '')) return `${option[0]}${MASK}`
  const text = maskedText(word)
  const words = text.match(SHELL_WORD) ?? []
  if (words.length < 2) return text
  // The words of a text for a shell are masked as those of a command.
  const safe = masked(words)
  let next = 0
  return text.replace(SHELL_WORD, () => safe[next++] ?? MASK)
}

/** Tells if a word is `-p` with a text that is neither a word of small letters nor a port, an address, a path or an assignment. */
function seemsPassword (word: string): boolean {
  const rest = /^-p([^-./=][^/=]{3,})$/.exec(word)?.[1]
  return rest !== undefined && !/^([a-z-]+|[\d.:]+)$/.test(rest)
}

function maskedText (text: string): string {
  return text
    .replace(/(:\/\/)([^\s/?#'"@]*@)+/g, `$1${MASK}@`)
    .replace(/(:\/\/)[^\s/?#'":@]*:[^\s'"]*@/g, `$1${MASK}@`)
    .replace(/\b(Bearer|Basic|Digest|Negotiate|Token)(\s+)[^\s'"]+/gi, `$1$2${MASK}`)
    .replace(/((?:[\w-]*(?:authorization|cookie|token|api-?key|secret|password)[\w-]*)\s*:\s+)[^'"\n]+/gi, `$1${MASK}`)
    .replace(/(?<![\w.-])([\w.-]+:)[^\s:/@'"]+(@(?!sha\d+:)[\w.-]+)/g, `$1${MASK}$2`)
    .replace(/(hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks)\/[^\s'"]+/g, `$1/${MASK}`)
    .replace(NAMED_VALUE, maskedValue)
    .replace(KNOWN_TOKEN, MASK)
    .replace(/[A-Za-z0-9+_=-]{16,}/g, (run) => run.split(/[-_=]/).some(isRandom) ? MASK : run)
    .replace(/(?<![\w./-])[A-Za-z0-9+/]{32,}={0,2}(?![\w.-])/g, (run) => run.startsWith('/') || !hasAllKinds(run) ? run : MASK)
}

/** Masks the value of a name that tells of a secret. In any other value, such as that of `--env=API_KEY=…` or the rest of a URL, it looks for more names. */
function maskedValue (_whole: string, name: string, sign: string, value: string): string {
  return name + sign + (isSecretName(name) ? MASK : value.replace(NAMED_VALUE, maskedValue))
}

/** Tells if a name, such as `--dbPassword` or `API_KEY`, has a part that names a secret. */
function isSecretName (name: string): boolean {
  const parts = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().split(/[^a-z0-9]+/)
  return parts.some((part, index) => SECRET_PARTS.has(part) || SECRET_PARTS.has(`${part}${parts[index + 1] ?? ''}`) || /(token|secret|passw(or)?d|apikey|passphrase|(?<!by|com|sur|tres)pass)s?$/.test(part))
}

/** Tells if letters and digits follow each other as they do in random words: a long hexadecimal number, or kinds that change often. */
function isRandom (word: string): boolean {
  if (/^[0-9a-f]{16,}$/i.test(word)) return /\d/.test(word) && /[a-f]/i.test(word)
  if (word.length < 16) return false
  const kinds = [...word].map((character) => /\d/.test(character) ? 'digit' : /[a-z]/.test(character) ? 'small' : 'capital')
  const changes = kinds.filter((kind, index) => index > 0 && kind !== kinds[index - 1]).length
  return changes / word.length >= 0.3
}

function hasAllKinds (word: string): boolean {
  return /\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word)
}

function unquoted (word: string): string {
  return word.replace(/^["']|["']$/g, '')
}
