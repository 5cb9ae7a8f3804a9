import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildApp, tokenFor } from '../helpers/service/app.ts'
import { CLONE } from '../helpers/service/runcast-command.ts'
import { waitUntil } from '../helpers/wait-until.ts'

const PAGE = readFileSync(join(CLONE, 'docs/clients.md'), 'utf8')
const CLIENTS: ReadonlyArray<readonly [title: string, command: string, option: string, begun: RegExp]> = [
  ['curl', 'sh', '-c', /^$/],
  ['Python: requests', '/usr/bin/python3', '-c', /one/],
  ['Python: httpx', '/usr/bin/python3', '-c', /one/]
]

/** The code under a title of the page. */
function codeOf (title: string): string {
  const [, code] = new RegExp(`^## ${title}\\n\\n\`\`\`\\w+\\n(.*?)^\`\`\``, 'ms').exec(PAGE) ?? []
  if (code === undefined) throw new Error(`the page has no code for ${title}`)
  return code
}

for (const [title, command, option, begun] of CLIENTS) {
  t.test(`${title}: the code of the page follows a run to its end`, async (t) => {
    const app = await buildApp(t, { END_GRACE_MS: '0' })
    const log = (message: string) => ({ event_type: 'log', payload: { message } })
    await app.publish('r', [log('one')])
    const child = spawn(command, [option, codeOf(title)], {
      cwd: t.testdir(),
      env: { PATH: process.env['PATH'], SERVICE: app.url, RUN: 'r', TOKEN: tokenFor({ sub: 'reader', scope: 'runs:read' }) },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.teardown(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
    const closed = once(child, 'close')
    await waitUntil('it follows', () => app.app.streamLimits.open === 1 && begun.test(output))
    await app.publish('r', [log('a\u2028b'), { event_type: 'status_change', payload: { status: 'succeeded' } }])
    t.equal((await closed)[0], 0)
    t.equal(output, title === 'curl' ? 'event: stream_end\n' : 'one\na\u2028b\n')
  })
}
