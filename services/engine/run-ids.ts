import { hash, randomBytes } from 'node:crypto'

const ID_BYTES = 10

/**
 * Names a run.
 *
 * @param workflow its name begins the id, for people
 * @param request names the request that starts the run: the same one gives the same id; null for a new id each time
 */
export function nameRun (workflow: string, request: readonly string[] | null): string {
  const random = request === null
    ? randomBytes(ID_BYTES).toString('hex')
    : hash('sha256', JSON.stringify(request), 'hex').slice(0, ID_BYTES * 2)
  return `${workflow}-${random}`
}
