import { OUTCOME_WORDS, outcomeOf, type Outcome } from '@runcast/protocol'

/** The statuses that end a run or a step, in lower case, with their outcomes. */
export type TerminalStatuses = ReadonlyMap<string, Outcome>

/** The status that the service itself gives a run whose publisher fell silent. */
export const LOST_STATUS = 'lost'

/**
 * Reads words that end a run. Words of the form `word=outcome` alone add to the known ones; with any bare word the list is the
 * whole list.
 *
 * @returns the words with their outcomes, and a sentence for each that can't be used
 */
export function readTerminalStatuses (words: readonly string[]): { statuses: TerminalStatuses, faults: string[] } {
  const isWhole = words.some((word) => !word.includes('='))
  const statuses = new Map<string, Outcome>(isWhole ? [] : knownWords())
  const faults: string[] = []
  for (const item of words) {
    const [word = '', given, ...more] = item.toLowerCase().split('=')
    const outcome = given === undefined ? outcomeOf(word) : isOutcome(given) ? given : null
    if (word !== '' && outcome !== null && more.length === 0) statuses.set(word, outcome)
    else if (given === undefined) faults.push(`TERMINAL_STATUSES has ${item}, whose outcome is not known: write ${item}=succeeded, ${item}=failed or ${item}=cancelled.`)
    else faults.push(`TERMINAL_STATUSES has ${item}, which is not of the form word=outcome with the outcome succeeded, failed or cancelled.`)
  }
  return { statuses, faults }
}

function knownWords (): Array<[string, Outcome]> {
  return Object.entries(OUTCOME_WORDS).flatMap(([outcome, words]) => isOutcome(outcome) ? words.split(' ').map((word): [string, Outcome] => [word, outcome]) : [])
}

function isOutcome (text: string): text is Outcome {
  return Object.hasOwn(OUTCOME_WORDS, text)
}
