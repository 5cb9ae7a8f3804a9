#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const compiled = new URL('../dist/bin/runcast.js', import.meta.url)
const [name, ...args] = process.argv.slice(2)
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'].filter((signal) => signal in constants.signals)

if (existsSync(compiled)) {
  const loaded = await import(compiled.href).catch((error) => {
    if (name !== 'exec') throw error
  })
  if (loaded === undefined) runUnwatched('parts of runcast are missing')
  else await loaded.runcast(process.argv.slice(2))
} else {
  runUnwatched(`not built yet. Run \`npm run build\` in ${fileURLToPath(new URL('..', import.meta.url))} first`)
}

/** Runs the command of `exec` alone: it must not depend on the state of this folder. */
function runUnwatched (reason) {
  const own = args.indexOf('--')
  const [program, ...rest] = args.slice(own === -1 ? optionsEnd() : own + 1)
  if (name !== 'exec' || program === undefined) {
    console.error(`runcast: ${reason}.`)
    process.exitCode = 1
    return
  }
  console.error(`runcast: ${reason}. The command runs without being watched.`)
  const child = spawn(program, rest, { stdio: 'inherit' })
  // A terminal sends these to the command, too.
  const ignored = ['SIGINT', 'SIGQUIT'].filter(() => process.stdin.isTTY)
  for (const signal of ENDING_SIGNALS) process.on(signal, () => { if (!ignored.includes(signal)) child.kill(signal) })
  child.on('error', (error) => {
    console.error(`runcast: ${error.message}`)
    process.exitCode = error.code === 'ENOENT' ? 127 : 126
  })
  child.on('exit', (code, signal) => { process.exitCode = code ?? 128 + constants.signals[signal] })
}

/** Finds the first word that is neither an option nor its value, since `npm exec` swallows `--`. */
function optionsEnd () {
  let end = 0
  for (let word = args[0]; word?.startsWith('-'); word = args[end]) end += word.includes('=') || word === '--no-tty' ? 1 : 2
  return end
}
