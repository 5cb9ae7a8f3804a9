import { fieldOf } from '@runcast/protocol'

/** Reads a member that is a text and not empty, else null. */
export function textField (payload: unknown, name: string): string | null {
  const value = fieldOf(payload, name)
  return typeof value === 'string' && value !== '' ? value : null
}

/** Reads the step of a payload. Engines also number their steps. */
export function stepField (payload: unknown): string | null {
  const step = fieldOf(payload, 'step')
  return typeof step === 'number' ? String(step) : textField(payload, 'step')
}
