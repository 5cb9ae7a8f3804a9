import { watch, type FSWatcher } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { rcompare, valid } from 'semver'
import { errorText } from '../error-text.ts'
import type { Evaluator } from '../expression/evaluator.ts'
import type { Fault } from '../fault.ts'
import type { EngineLogger } from '../logger.ts'
import { loadWorkflow } from './load-workflow.ts'
import { DefinitionError, type Workflow } from './workflow.ts'

const EXTENSIONS = ['.yaml', '.yml', '.json']

/** The time without a change after which a directory is read, in milliseconds. */
const QUIET_MS = 100

/** The time after which it is read without a sign of a change, in milliseconds: some file systems give none. */
const POLL_MS = 5_000

/** One thing that is wrong with a file. */
export interface FileFault extends Fault {
  readonly file: string
}

/** The workflows that an operator deploys as files. */
export interface WorkflowDirectory {
  /** Lists the workflows that can be executed, by name and with the highest version first, and the faults of the other files. */
  list (): Promise<{ readonly workflows: readonly Workflow[], readonly faults: readonly FileFault[] }>
  /** Finds a workflow. @param version null for the highest; a release is higher than its pre-releases. @returns null when there is none */
  find (name: string, version: string | null): Promise<Workflow | null>
  /** Reads the files now, without waiting for a sign of a change. */
  reload (): Promise<void>
  close (): Promise<void>
}

export interface WorkflowDirectoryOptions {
  /** The directory need not exist yet. */
  readonly directory: string
  /** Compiles the expressions of definitions. The directory does not close it. */
  readonly evaluator: Evaluator
  readonly logger: EngineLogger
}

/** A file that was read. */
interface LoadedFile {
  readonly file: string
  /** Changes with the file, which is read again only then; null for a file that could not be read: it is tried each time. */
  readonly stamp: string | null
  readonly workflow: Workflow | null
  readonly faults: readonly Fault[]
}

interface Listing { readonly workflows: readonly Workflow[], readonly faults: readonly FileFault[] }

/**
 * Reads the `.yaml`, `.yml` and `.json` files of a directory, and reads them again when they change: in place, by a
 * rename, or by the exchange of a symbolic link, as Kubernetes does it. A bad file does not affect others. Of two files
 * with the same workflow and version, the one whose file name sorts first counts.
 */
export function createWorkflowDirectory (options: WorkflowDirectoryOptions): WorkflowDirectory {
  const { directory, logger } = options
  let files: readonly LoadedFile[] = []
  let watcher: FSWatcher | null = null
  let quiet: NodeJS.Timeout | undefined
  let isClosed = false
  let listing: Promise<Listing> = read()

  async function read (): Promise<Listing> {
    const before = files
    files = await loadFiles(options, files)
    const result = toListing(files)
    const changed = files.filter((file) => !before.some((known) => isSame(known, file)))
    const gone = before.filter(({ file }) => !files.some((other) => other.file === file))
    const refused = changed.filter(({ workflow }) => workflow === null).map(({ file }) => file)
    if (changed.length + gone.length > 0) logger.info({ directory, changed: changed.map(({ file }) => file), gone: gone.map(({ file }) => file), workflows: result.workflows.length }, 'workflows were read')
    if (refused.length > 0) logger.warn({ directory, files: refused, faults: result.faults.filter(({ file }) => refused.includes(file)).slice(0, 20) }, 'workflow definitions were refused')
    return result
  }

  async function reload (): Promise<void> {
    if (isClosed) return
    observe()
    // A read that is under way may have begun before the change.
    listing = listing.then(read)
    await listing
  }

  function observe (): void {
    if (watcher !== null) return
    try {
      watcher = watch(directory, () => {
        clearTimeout(quiet)
        quiet = setTimeout(reload, QUIET_MS).unref()
      })
      watcher.unref()
      watcher.on('error', forget)
    } catch {
      // The directory does not exist yet, or the system has no watches left: it is read from time to time.
    }
  }

  function forget (): void {
    watcher?.close()
    watcher = null
  }

  // A directory that replaces another one has to be watched anew.
  const poll = setInterval(() => { forget(); reload() }, POLL_MS).unref()
  observe()

  return {
    list: async () => await listing,
    async find (name, version) {
      const { workflows } = await listing
      return workflows.find((workflow) => workflow.name === name && (version === null || workflow.version === version)) ?? null
    },
    reload,
    async close () {
      isClosed = true
      clearInterval(poll)
      clearTimeout(quiet)
      forget()
      await listing
    }
  }
}

async function loadFiles ({ directory, evaluator }: WorkflowDirectoryOptions, before: readonly LoadedFile[]): Promise<LoadedFile[]> {
  // Kubernetes keeps the targets of its links in directories whose names begin with two dots.
  const names = (await readdir(directory).catch(() => [])).filter((name) => EXTENSIONS.includes(extname(name).toLowerCase()) && !name.startsWith('.'))
  const files: LoadedFile[] = []
  for (const file of names.sort()) {
    const stamp = await stampOf(join(directory, file))
    if (stamp === null) continue
    files.push(before.find((known) => known.file === file && known.stamp === stamp) ?? await loadFile(directory, file, stamp, evaluator))
  }
  return files
}

/** Gives a text that changes with a file; null when it is no file but, for example, a pipe, which might never end. */
async function stampOf (path: string): Promise<string | null> {
  try {
    const stats = await stat(path, { bigint: true })
    return stats.isFile() ? [stats.mtimeNs, stats.ctimeNs, stats.size, stats.ino].join() : null
  } catch {
    return null
  }
}

async function loadFile (directory: string, file: string, stamp: string, evaluator: Evaluator): Promise<LoadedFile> {
  try {
    const text = await readFile(join(directory, file), 'utf8')
    return { file, stamp, workflow: await loadWorkflow(text, file, evaluator), faults: [] }
  } catch (error) {
    if (error instanceof DefinitionError) return { file, stamp, workflow: null, faults: error.faults }
    return { file, stamp: null, workflow: null, faults: [{ path: '', message: `It cannot be read: ${errorText(error)}.` }] }
  }
}

/** Tells whether there is nothing new to log about a file. */
function isSame (one: LoadedFile, other: LoadedFile): boolean {
  return one === other || (one.file === other.file && one.stamp === null && other.stamp === null && one.faults[0]?.message === other.faults[0]?.message)
}

/** Compares two versions. Versions with numbers too large for semver are ordered as texts. */
function newestFirst (one: string, other: string): number {
  return valid(one) !== null && valid(other) !== null ? rcompare(one, other) : other.localeCompare(one, 'en', { numeric: true })
}

function toListing (files: readonly LoadedFile[]): Listing {
  const faults = files.flatMap(({ file, faults }) => faults.map((fault): FileFault => ({ file, ...fault })))
  const workflows = new Map<string, { readonly file: string, readonly workflow: Workflow }>()
  for (const { file, workflow } of files) {
    if (workflow === null) continue
    const key = `${workflow.name} ${workflow.version}`
    const first = workflows.get(key)
    if (first === undefined) workflows.set(key, { file, workflow })
    else faults.push({ file, path: '/document/version', message: `${first.file} has ${workflow.name} ${workflow.version} already: give this one another version.` })
  }
  const byName = (one: Workflow, other: Workflow) => one.name < other.name ? -1 : one.name > other.name ? 1 : newestFirst(one.version, other.version)
  return { workflows: [...workflows.values()].map(({ workflow }) => workflow).sort(byName), faults }
}
