import { nearestName } from './nearest-name.ts'
import { UnknownParameterError } from './request-errors.ts'

/** The most characters of an unknown name that are quoted back. */
const MAX_QUOTED_CHARACTERS = 64

/**
 * Refuses the first parameter of a query that is not known: ignored, a misspelt filter would let everything through.
 *
 * @throws UnknownParameterError it names the nearest known parameter
 */
export function refuseUnknownParameters (query: object, known: readonly string[]): void {
  const unknown = Object.keys(query).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const name = unknown.slice(0, MAX_QUOTED_CHARACTERS)
  const nearest = nearestName(name, known)
  const remedy = nearest === null ? 'It takes none' : `The nearest that it knows is ${nearest}; all are ${known.join(', ')}`
  throw new UnknownParameterError(`This address does not know the parameter ${name}. ${remedy}.`).at('query', `/${name}`)
}
