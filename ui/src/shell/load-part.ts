/** The time between two requests to a service that does not answer, in milliseconds. */
const RETRY_MS = 2_000

/** Holds the build from which the page was loaded again. */
const RELOADED_KEY = 'runcast-reloaded-from'

/**
 * Loads a part of the pages. After a deployment the part may be gone, since file names change: then the page itself is
 * loaded again, once from each build. A service out of reach is waited for.
 *
 * @throws the error of the import, when neither helps
 */
export async function loadPart<Part> (load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch {
    await untilServed()
    return await load().catch(reloadOnce)
  }
}

async function reloadOnce (error: unknown): Promise<never> {
  const build = import.meta.url
  if (sessionStorage.getItem(RELOADED_KEY) === build) throw error
  sessionStorage.setItem(RELOADED_KEY, build)
  window.location.reload()
  return await new Promise(() => {})
}

async function untilServed (): Promise<void> {
  const isServed = () => fetch(window.location.pathname, { redirect: 'manual' }).then(({ status }) => status < 500, () => false)
  while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
}
