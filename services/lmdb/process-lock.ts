// A lock of our own: LMDB lets a second process write, a lock file outlives `kill -9`, and Node has no flock(2). The kernel
// closes a Unix socket with its process, so a socket is the lock that needs neither a native module nor a clean-up.
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open as openFile, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import type { RootDatabase } from 'lmdb'
import { isProblemError } from '../problems/problem-error.ts'
import { DataDirectoryInUseError, DiskFullError, UnavailableError } from '../problems/storage-errors.ts'
import { openEnvironment } from './environment.ts'
import { isDiskFull } from './free-space.ts'

/** The right of this process to use a directory alone. */
export interface ProcessLock {
  release (): Promise<void>
}

interface Owner {
  readonly socket: string
  readonly pid: number
}

/** The bytes that a Unix socket's path may have; Linux takes 107, macOS 103. */
const MAX_SOCKET_PATH_BYTES = 103

/**
 * Makes this process the only user of `directory`, which is made if need be.
 *
 * A process that starts listens on a Unix socket with a name of its own. Then it writes that name as the owner, in a
 * transaction that succeeds only if the owner is still the one whose socket was found dead. A dead name never comes
 * alive again, so one of several starters wins.
 *
 * @throws DataDirectoryInUseError when another process has it; DiskFullError, UnavailableError or StoreCorruptError when
 *   it can't be used. The message is for the operator.
 */
export async function acquireProcessLock (directory: string): Promise<ProcessLock> {
  return await explained(directory, async () => {
    await mkdir(directory, { recursive: true })
    return await contend(resolve(directory))
  })
}

/**
 * Makes sure that no process has `directory`, and changes nothing in it.
 *
 * @throws as `acquireProcessLock` does
 */
export async function checkUnowned (directory: string): Promise<void> {
  if (!existsSync(registryOf(directory))) return
  await explained(directory, async () => {
    const sockets = await socketDirectory(resolve(directory))
    const registry = await openEnvironment<Owner>(registryOf(directory))
    try {
      await deadOwner(registry, resolve(directory), sockets.path)
    } finally {
      await registry.close()
      await sockets.close()
    }
  })
}

/** Gives the errors of some work on a data directory a message for the operator. */
async function explained<T> (directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DataDirectoryInUseError || isProblemError(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    const StorageError = await isDiskFull(directory) ? DiskFullError : UnavailableError
    throw new StorageError(`The data directory ${resolve(directory)} can't be used: ${reason}`, { cause: error })
  }
}

async function contend (directory: string): Promise<ProcessLock> {
  const sockets = await socketDirectory(directory)
  const own: Owner = { socket: `lock-${randomUUID()}.sock`, pid: process.pid }
  const server = await listen(join(sockets.path, own.socket))
  const release = async () => {
    await new Promise((resolve) => server.close(resolve))
    await sockets.close()
  }
  try {
    const previous = await becomeOwner(directory, sockets.path, own)
    if (previous !== null) await rm(join(directory, previous.socket), { force: true })
    return { release }
  } catch (error) {
    await release()
    throw error
  }
}

async function becomeOwner (directory: string, socketsPath: string, own: Owner): Promise<Owner | null> {
  const registry = await openEnvironment<Owner>(registryOf(directory))
  try {
    for (;;) {
      const owner = await deadOwner(registry, directory, socketsPath)
      if (replaceOwner(registry, owner, own)) return owner ?? null
    }
  } finally {
    await registry.close()
  }
}

/** Reads the last owner. @throws DataDirectoryInUseError when it is alive */
async function deadOwner (registry: RootDatabase<Owner, string>, directory: string, socketsPath: string): Promise<Owner | undefined> {
  const owner = registry.get('owner')
  if (owner !== undefined && await isAlive(join(socketsPath, owner.socket))) throw new DataDirectoryInUseError(directory, owner.pid)
  return owner
}

function registryOf (directory: string): string {
  return join(directory, 'lock.mdb')
}

function replaceOwner (registry: RootDatabase<Owner, string>, seen: Owner | undefined, own: Owner): boolean {
  return registry.transactionSync(() => {
    if (registry.get('owner')?.socket !== seen?.socket) return false
    registry.putSync('owner', own)
    return true
  })
}

/** Finds a path to `directory` that is short enough for a socket in it. */
async function socketDirectory (directory: string): Promise<{ path: string, close: () => Promise<void> }> {
  const length = Buffer.byteLength(join(directory, `lock-${randomUUID()}.sock`))
  if (length <= MAX_SOCKET_PATH_BYTES) return { path: directory, close: async () => {} }
  if (process.platform !== 'linux') {
    throw new Error(`its path is ${length - MAX_SOCKET_PATH_BYTES} bytes too long for a Unix socket in it`)
  }
  const handle = await openFile(directory)
  return { path: `/proc/self/fd/${handle.fd}`, close: () => handle.close() }
}

function listen (path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', reject)
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

/** Tells if a process listens on a socket; true when in doubt. */
function isAlive (path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => {
      resolve(!('code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')))
    })
  })
}
