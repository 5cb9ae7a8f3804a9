import { Type, type Static } from 'typebox'

/** The reasons for any state but `ok`. */
export const HealthReasonSchema = Type.Enum([
  'draining', 'redis_read_only', 'redis_wrong_password', 'redis_not_permitted', 'redis_input_channels', 'redis_unsupported',
  'storage_unreachable', 'storage_full', 'live_channels_unreachable', 'input_channels_unreachable',
  'process_not_ready'
], { description: 'Stable codes; `detail` says each in a sentence.' })

export type HealthReason = Static<typeof HealthReasonSchema>

export const HealthSchema = Type.Object({
  status: Type.Enum(['ok', 'degraded', 'unavailable', 'draining'], {
    description: 'degraded: ready, though something that worked before does not now; unavailable: never yet able to write, or refused by Redis; draining: about to stop.'
  }),
  reason: Type.Optional(HealthReasonSchema),
  detail: Type.Optional(Type.String({ description: 'The reason in a sentence for the operator.' }))
}, { examples: [{ status: 'degraded', reason: 'storage_unreachable', detail: 'The store does not answer.' }] })

/** The state of a process as probes see it. */
export type Health = Static<typeof HealthSchema>
