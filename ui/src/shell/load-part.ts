/** How often a service that does not answer is asked for the page again, in milliseconds. */
const RETRY_MS = 2_000

/** Where it is noted which build the page was loaded again from. */
const RELOADED_KEY = 'runcast-reloaded-from'

/**
 * Loads a part of the pages. Where it is not there, since a deployment has given the files other names, the page itself
 * is loaded again: as soon as the service answers, and once from each build. A service that is out of reach is waited for.
 *
 * @throws what the import throws, when neither helps
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
