import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RECORDS } from './root.js'

const LOCK = join(RECORDS, 'lock')

/** The interval at which the holder touches the lock, in milliseconds. */
const TOUCH_MS = 1_000

/** The age at which a lock counts as abandoned though a process has its id, as after a restart of the machine. */
const ABANDONED_MS = 10_000

const POLL_MS = 100

/**
 * Does some work while no other process of this checkout does such work; waits for its turn.
 *
 * Nothing breaks if two starters take an abandoned lock at the same moment: each builds in folders of its own.
 */
export async function withLock (work) {
  mkdirSync(RECORDS, { recursive: true })
  for (let isTold = false; !acquire(); isTold = true) {
    if (!isTold) console.error('Another build runs in this checkout. Waiting for it.')
    await delay(POLL_MS)
  }
  const touching = setInterval(touch, TOUCH_MS)
  try {
    return await work()
  } finally {
    clearInterval(touching)
    if (holder() === process.pid) rmSync(LOCK)
  }
}

/** Tells if a process exists. */
export function isAlive (pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function acquire () {
  if (isAbandoned()) rmSync(LOCK, { force: true })
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function isAbandoned () {
  const { mtimeMs } = statSync(LOCK, { throwIfNoEntry: false }) ?? {}
  if (mtimeMs === undefined) return false
  const pid = holder()
  return Date.now() - mtimeMs > ABANDONED_MS || (pid !== null && !isAlive(pid))
}

/** Gives the process that has the lock; null when there is none, or when it has not written its id yet. */
function holder () {
  try {
    return Number(readFileSync(LOCK, 'utf8')) || null
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

function touch () {
  const now = new Date()
  if (holder() === process.pid) utimesSync(LOCK, now, now)
}
