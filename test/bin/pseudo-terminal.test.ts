import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'tap'
import { CLONE } from '../helpers/service/runcast-command.ts'

const SCRIPT = `
  import { closeSync, openSync } from 'node:fs'
  import { setTimeout as delay } from 'node:timers/promises'
  import { openPseudoTerminal } from './bin/pseudo-terminal.ts'

  function take (most) {
    const taken = []
    try {
      while (taken.length < most) taken.push(openSync('/dev/null'))
    } catch {}
    return taken
  }
  function free () {
    const taken = take(Infinity)
    taken.forEach((descriptor) => closeSync(descriptor))
    return taken.length
  }
  async function settledFree () {
    for (let before = free(); ; before = free()) {
      await delay(200)
      if (free() === before) return before
    }
  }
  openPseudoTerminal(80, 24).close()
  const results = []
  for (const left of [0, 1, 2, 3]) {
    const before = await settledFree()
    const taken = take(before - left)
    try {
      openPseudoTerminal(80, 24).close()
      results.push('opened')
    } catch {
      results.push('failed')
    }
    taken.forEach((descriptor) => closeSync(descriptor))
    results.push(before - await settledFree())
  }
  console.log(JSON.stringify(results))
`

test('a terminal that can\'t be opened leaves no descriptor behind', async (t) => {
  const child = spawn('sh', ['-c', 'ulimit -n 200; exec "$0" "$@"', process.execPath, '--import=tsx', '--input-type=module', '-e', SCRIPT], {
    cwd: CLONE,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { output += text })
  t.same(await once(child, 'close'), [0, null])
  t.same(JSON.parse(output), ['failed', 0, 'failed', 0, 'failed', 0, 'opened', 0])
})
