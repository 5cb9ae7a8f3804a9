import { hash, randomBytes } from 'node:crypto'

const ID_BYTES = 10

/**
 * Makes the id of a run.
 *
 * @param workflow the name of the workflow: the id begins with it, for people
 * @param request names the request that starts the run. The same request gives the same id, null a new id each time
 */
export function nameRun (workflow: string, request: readonly string[] | null): string {
  const random = request === null
    ? randomBytes(ID_BYTES).toString('hex')
    : hash('sha256', JSON.stringify(request), 'hex').slice(0, ID_BYTES * 2)
  return `${workflow}-${random}`
}
