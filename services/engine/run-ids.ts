import { hash, randomBytes } from 'node:crypto'

const ID_BYTES = 10

/**
 * A new id for a run.
 *
 * @param workflow its name begins the id, for people
 */
export function newRunId (workflow: string): string {
  return `${workflow}-${randomBytes(ID_BYTES).toString('hex')}`
}

/** The id of the run that is started under an Idempotency-Key of a tenant: always the same, whatever is to be run. */
export function runIdOfKey (tenant: string, idempotencyKey: string): string {
  return `run-${hash('sha256', JSON.stringify([tenant, idempotencyKey]), 'hex').slice(0, ID_BYTES * 2)}`
}
