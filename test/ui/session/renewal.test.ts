import t from 'tap'
import { renewalDelay } from '../../../ui/src/session/renewal.ts'

const NOW = Date.parse('2026-01-01T00:00:00.000Z')
const after = (ms: number) => new Date(NOW + ms).toISOString()

t.test('a session is renewed when half of it is left, and at least every hour', async (t) => {
  t.equal(renewalDelay(after(600_000), NOW), 300_000)
  t.equal(renewalDelay(after(86_400_000), NOW), 3_600_000)
})

t.test('a session at its end, or beyond, is asked about every ten seconds', async (t) => {
  t.equal(renewalDelay(after(1_000), NOW), 10_000)
  t.equal(renewalDelay(after(-5_000), NOW), 10_000)
})
