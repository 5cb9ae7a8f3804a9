import { fieldOf } from '@runcast/protocol'

/** A field that is a text and not empty, else null. */
export function textField (payload: unknown, name: string): string | null {
  const value = fieldOf(payload, name)
  return typeof value === 'string' && value !== '' ? value : null
}

/** The step that a payload speaks of; engines also number them. */
export function stepField (payload: unknown): string | null {
  const step = fieldOf(payload, 'step')
  return typeof step === 'number' ? String(step) : textField(payload, 'step')
}
