import { fieldOf } from '@runcast/protocol'
import { formatNumberOf } from '../../format/count.ts'
import { textField } from '../../json/fields.ts'

const REASONS: Readonly<Record<string, string>> = {
  invalid_json: 'not valid JSON',
  invalid_encoding: 'not valid UTF-8',
  repeated_field: 'given twice',
  json_too_deep: 'nested too deep',
  event_too_large: 'too large',
  idempotency_conflict: 'used for another event before',
  overflow: 'too many at once',
  store_corrupt: 'the log of the run is damaged'
}

/** Says which plain PUBLISH messages were refused, such as `3 messages refused: payload missing`. */
export function refusedText (data: unknown): string {
  const count = fieldOf(data, 'count')
  const field = textField(data, 'field')
  const messages = formatNumberOf(typeof count === 'number' ? count : 1, 'message')
  return `${messages} refused: ${field === null ? '' : `${field} `}${reasonText(textField(data, 'reason'), field)}`
}

function reasonText (reason: string | null, field: string | null): string {
  if (reason === 'invalid_event') return field === 'payload' ? 'missing' : field === null ? 'not an event' : 'not usable'
  return reason === null ? 'unknown reason' : REASONS[reason] ?? reason
}
